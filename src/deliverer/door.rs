//! The last look before MAIL: a claim may be minutes old, and connecting may take minutes more. The connections' questions of
//! one moment are one query; each is answered by a look that began after it was asked. A look is used again while it is fresh,
//! and the claim itself is one. And the last word before the final dot: is the mail before it on its connection recorded?

use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::locked;
use crate::delivery::FRESH;
use crate::mail::transport::Gate;
use crate::store::{Claim, Store};

/// Most questions in one query.
const MOST: usize = 200;

struct Question {
    claim: Arc<Claim>,
    answer: oneshot::Sender<Result<bool, String>>,
}

/// Asks the store for all connections. Ends with its last clone.
#[derive(Clone)]
pub struct Doorkeeper(mpsc::UnboundedSender<Question>);

impl Doorkeeper {
    /// Begins to answer.
    pub fn new(store: Store) -> Self {
        let (sender, mut questions) = mpsc::unbounded_channel::<Question>();
        tokio::spawn(async move {
            while let Some(first) = questions.recv().await {
                let mut asked = vec![first];
                while asked.len() < MOST
                    && let Ok(more) = questions.try_recv()
                {
                    asked.push(more);
                }
                let claims: Vec<&Claim> = asked.iter().map(|question| &*question.claim).collect();
                let wanted = store.still_wanted(&claims).await.map_err(|error| error.to_string());
                for Question { claim, answer } in asked {
                    let open = wanted.as_ref().map(|wanted| wanted.contains(&claim.id)).map_err(Clone::clone);
                    // Who asked may have run out of time.
                    let _ = answer.send(open);
                }
            }
        });
        Self(sender)
    }
}

/// One mail's gate.
pub struct Door {
    keeper: Doorkeeper,
    claim: Arc<Claim>,
    /// When it was open.
    looked: Mutex<Instant>,
    /// Whether the mail before it on its connection is recorded.
    after: OnceLock<watch::Receiver<bool>>,
}

impl Door {
    /// Of the mail of `claim`, which was asked for at `claimed`.
    pub fn new(keeper: &Doorkeeper, claim: &Arc<Claim>, claimed: Instant) -> Self {
        Self { keeper: keeper.clone(), claim: Arc::clone(claim), looked: Mutex::new(claimed), after: OnceLock::new() }
    }

    /// Its message is not ended before another mail's outcome is kept.
    pub fn follows(&self, recorded: watch::Receiver<bool>) {
        // It has one place in one line.
        let _ = self.after.set(recorded);
    }

    /// Is it known that this other outcome cannot be kept?
    pub fn is_in_vain(&self) -> bool {
        self.after.get().is_some_and(|recorded| !*recorded.borrow() && recorded.has_changed().is_err())
    }

    async fn ask(&self) -> Result<bool, String> {
        let gone = || "nobody answers".to_owned();
        let (answer, answered) = oneshot::channel();
        let question = Question { claim: Arc::clone(&self.claim), answer };
        self.keeper.0.send(question).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

impl Gate for Door {
    async fn open_at(&self) -> Result<Option<Instant>, String> {
        let looked = *locked(&self.looked);
        // Half of it is for what is done between this and MAIL.
        if looked.elapsed() < FRESH / 2 {
            return Ok(Some(looked));
        }
        let asked = Instant::now();
        if !self.ask().await? {
            return Ok(None);
        }
        *locked(&self.looked) = asked;
        Ok(Some(asked))
    }

    async fn may_end(&self) -> bool {
        match self.after.get() {
            Some(recorded) => kept(recorded.clone()).await,
            None => true,
        }
    }
}

/// Waits until an outcome is `recorded`. False: it cannot be.
pub async fn kept(mut recorded: watch::Receiver<bool>) -> bool {
    recorded.wait_for(|is_recorded| *is_recorded).await.is_ok()
}
