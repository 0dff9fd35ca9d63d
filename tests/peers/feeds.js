// Reads every feed below a folder with rss-parser, feedsmith and @rowanmanning/feed-parser.
//
// usage: node feeds.js DIR
// Prints JSON: path -> parser -> [[id, title, date in seconds, link], ...].
const fs = require('node:fs');
const path = require('node:path');
const RssParser = require('rss-parser');
const feedsmith = require('feedsmith');
const { parseFeed } = require('@rowanmanning/feed-parser');

const seconds = (text) => Math.floor(Date.parse(text) / 1000);

async function main(folder) {
  const byRowanmanning = (text) => parseFeed(text).items.map((i) => [i.id, i.title, seconds(i.published), i.url]);
  const out = {};
  for (const name of fs.readdirSync(folder, { recursive: true }).map(String).sort()) {
    const text = () => fs.readFileSync(path.join(folder, name), 'utf8');
    const key = name.split(path.sep).join('/');
    if (path.basename(name) === 'rss.xml') {
      const own = await new RssParser().parseString(text());
      const { format, feed } = feedsmith.parseFeed(text());
      if (format !== 'rss') throw new Error(`${key}: feedsmith takes it for ${format}`);
      out[key] = {
        'rss-parser': own.items.map((i) => [i.guid, i.title, seconds(i.pubDate), i.link]),
        rowanmanning: byRowanmanning(text()),
        feedsmith: (feed.items ?? []).map((i) => [i.guid.value, i.title, seconds(i.pubDate), i.link]),
      };
    } else if (path.basename(name) === 'atom.xml') {
      const own = await new RssParser().parseString(text());
      const { format, feed } = feedsmith.parseFeed(text());
      if (format !== 'atom') throw new Error(`${key}: feedsmith takes it for ${format}`);
      out[key] = {
        'rss-parser': own.items.map((i) => [i.id, i.title, seconds(i.pubDate), i.link]),
        rowanmanning: byRowanmanning(text()),
        feedsmith: (feed.entries ?? []).map((i) => [i.id, i.title, seconds(i.published), i.links[0].href]),
      };
    } else if (path.basename(name) === 'feed.json') {
      const { format, feed } = feedsmith.parseFeed(text());
      if (format !== 'json') throw new Error(`${key}: feedsmith takes it for ${format}`);
      out[key] = { feedsmith: (feed.items ?? []).map((i) => [i.id, i.title, seconds(i.date_published), i.url]) };
    }
  }
  process.stdout.write(JSON.stringify(out));
}

main(process.argv[2]).catch((error) => { console.error(error); process.exit(1); });
