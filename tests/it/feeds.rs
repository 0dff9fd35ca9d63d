//! Feeds as the world reads them: seven independent parsers and validators, over hostile posts and over a real site; how
//! they are served; how the publisher keeps them; how `build` writes them.

mod agreement;
mod hostile;
mod mutation;
mod noise;
mod publishing;
mod serving;
mod sites;
