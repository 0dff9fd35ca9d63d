// What mail clients and the HTML standard say of each HTML file named on the command line: caniemail's data for the clients
// that people use, and the Nu HTML checker (one JVM for all files). What is known and harmless is listed here with its
// reason; everything else is an error. An entry that nothing needs any more is an error too.
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');

const CLIENTS = ['gmail.*', 'outlook.*', 'apple-mail.*', 'yahoo.*', 'aol.*', 'samsung-email.*', 'thunderbird.*', 'protonmail.*', 'fastmail.*'];

// caniemail's titles of features that some client does not know, and why the mail loses nothing by it.
const HARMLESS = {
  '<style> element': 'all that is needed stands on the elements; only dark colours and narrow windows are in <style>',
  '@media': 'dark colours and smaller paddings for narrow windows: what is on the elements holds without',
  'Type selector': 'part of <style>',
  'Class selector': 'part of <style>',
  'Attribute selector': "Outlook's own marks of its dark mode, for which nothing else matches",
  'Descendant combinator': 'part of <style>',
  'Chaining selectors': 'part of <style>',
  '<body> element': 'becomes a <div>; its colour stands on the outermost table too',
  'border-radius': 'corners are square then',
  'overflow-wrap': '`word-break` says the same to others; without both a long word widens its column',
  'word-break': '`overflow-wrap` says the same to others',
  'white-space': 'Outlook for Windows does not wrap long lines of code; <pre> keeps their blanks everywhere',
  'height property': 'the `height` attribute says the same',
  'table-layout': 'Outlook for Windows has a table of 600 px around it, and a window wide enough for wide tables',
  'list-style': 'a bullet stands beside the box to tick then',
  'text-decoration': 'links are underlined anyway',
  'overflow': 'hides the preheader together with `max-height` and `mso-hide`',
  'display:none': 'hides the preheader together with `max-height` and `mso-hide`',
  '<abbr> element': 'its letters are shown all the same',
  'aria-label attribute': 'the words of the link or of the mail are there all the same',
  'aria-hidden attribute': 'a separator or a second link is read aloud then',
  'role attribute': 'a table for looks is told as a table then',
};

// What the Nu checker calls an error, and why it stays.
const STANDARD = [
  [/^(Attribute|CSS:) .*(xmlns:[vo]|mso-)/, "Outlook's own, which nobody else reads"],
];

// What a client (or several, by a pattern) does not know. Where the data says nothing of a property, it is left out.
function errors(caniemail, client, html) {
  for (let unknown = 0; unknown < 20; unknown += 1) {
    try {
      const { issues } = caniemail({ clients: [client], html });
      return [...issues.errors].flatMap(([name, found]) => found.map(({ title }) => ({ client: name, title })));
    } catch (error) {
      const [, feature] = /^Feature "(.*)" not found/.exec(error.message) ?? [];
      if (!feature) throw error;
      html = html.replace(new RegExp(`(^|[;{" ])${feature.replace(/[^a-z-]/g, '.')}:[^;"}]*`, 'g'), '$1');
    }
  }
  throw new Error(`${client}: too many features that it has no data of`);
}

async function clients(files) {
  const { caniemail } = await import(require.resolve('caniemail'));
  const missing = new Map();
  for (const file of files) {
    const html = readFileSync(file, 'utf8');
    for (const client of CLIENTS) {
      for (const { client: name, title } of errors(caniemail, client, html)) {
        const where = missing.get(title) ?? missing.set(title, { clients: new Set(), files: new Set() }).get(title);
        where.clients.add(name);
        where.files.add(basename(file));
      }
    }
  }
  const told = [...missing].filter(([title]) => !(title in HARMLESS));
  const unused = Object.keys(HARMLESS).filter((title) => !missing.has(title));
  return [
    ...told.map(([title, { clients, files }]) => `${title}: not in ${[...clients].join(', ')} (${[...files].slice(0, 3).join(', ')})`),
    ...unused.map((title) => `${title}: is allowed, but no mail has it`),
  ];
}

function standard(files) {
  const jar = join(dirname(require.resolve('vnu-jar/package.json')), 'build/dist/vnu.jar');
  const said = execFileSync('java', ['-Xss2m', '-jar', jar, '--exit-zero-always', '--stdout', '--format', 'json', ...files], { maxBuffer: 1 << 28 });
  return JSON.parse(said).messages
    .filter(({ type, message }) => type === 'error' && !STANDARD.some(([known]) => known.test(message)))
    .map(({ url, lastLine, message, extract }) => `${basename(url)}:${lastLine}: ${message} ${extract ?? ''}`);
}

(async () => {
  const files = process.argv.slice(2);
  const wrong = [...await clients(files), ...standard(files)];
  wrong.forEach((what) => console.error(what));
  process.exit(wrong.length ? 1 : 0);
})();
