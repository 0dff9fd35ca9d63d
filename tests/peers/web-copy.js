// Opens each address named on the command line in Chromium, at two widths, light and dark, and says what should not be: a script
// that ran, a page that runs out of the window, a picture of ours that is not shown, anything on the console. Pictures of all of
// them go into the folder that the first argument names. Everything but the first address's host is answered here.
const { launch } = require('./chromium');
const { join } = require('node:path');

const FIELD = '<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="900"><rect width="1600" height="900" fill="#8fa3b8"/></svg>';

(async () => {
  const [folder, ...pages] = process.argv.slice(2);
  const own = new URL(pages[0].split('=').slice(1).join('=')).host;
  const browser = await launch();
  let bad = 0;
  const say = (what) => { console.error(what); bad += 1; };
  for (const [width, colorScheme] of [[375, 'light'], [375, 'dark'], [1000, 'light'], [1000, 'dark']]) {
    for (const named of pages) {
      const [name, url] = [named.slice(0, named.indexOf('=')), named.slice(named.indexOf('=') + 1)];
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      const at = `${name}, ${width} px, ${colorScheme}`;
      page.on('dialog', (dialog) => { say(`${at}: a script ran: ${dialog.message()}`); dialog.dismiss(); });
      page.on('console', (message) => say(`${at}: on the console: ${message.text()}`));
      page.on('pageerror', (error) => say(`${at}: ${error}`));
      await page.route((address) => address.host !== own, (route) => route.fulfill({ contentType: 'image/svg+xml', body: FIELD }));
      await page.goto(url);
      const seen = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        blank: [...document.images].filter((image) => !image.complete || image.naturalWidth === 0).map((image) => image.src),
        scripts: document.scripts.length,
        title: document.title,
        lang: document.documentElement.lang,
      }));
      if (seen.wide > width) say(`${at}: ${seen.wide} px wide`);
      for (const src of seen.blank) say(`${at}: not shown: ${src}`);
      if (seen.scripts > 0 || seen.title === 'PWNED') say(`${at}: there is a script`);
      if (!seen.lang) say(`${at}: no language`);
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      await page.close();
    }
  }
  await browser.close();
  process.exit(bad ? 1 : 0);
})();
