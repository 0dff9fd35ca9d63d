// Takes a picture of each HTML file named on the command line: at two widths, light and dark, without pictures, without its <style>
// as Gmail's clipped view shows it, and so inverted by a client that makes every mail dark by itself. First argument: the folder that they go into. Pictures are those of the bundled
// weekly; any other is a grey field.
const { launch } = require('./chromium');
const { existsSync } = require('node:fs');
const { basename, join } = require('node:path');

const SHOTS = [
  [375, 'light', ''], [375, 'dark', ''], [1000, 'light', ''], [1000, 'dark', ''],
  [375, 'light', 'no-images'], [1000, 'light', 'no-images'], [375, 'light', 'no-style'],
];
const FIELD = '<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="900"><rect width="1600" height="900" fill="#8fa3b8"/></svg>';

function picture(route) {
  const file = join(__dirname, '../../templates/demo/static/images', basename(new URL(route.request().url()).pathname));
  return route.fulfill(existsSync(file) && file.endsWith('.png') ? { path: file } : { contentType: 'image/svg+xml', body: FIELD });
}

const INVERTED = ['--enable-features=WebContentsForceDark', '--blink-settings=forceDarkModeEnabled=true'];

async function take(folder, files, shots, flags) {
  const browser = await launch(...flags);
  for (const [width, colorScheme, how] of shots) {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    await page.route(/^https?:/, (route) => (how === 'no-images' ? route.abort() : picture(route)));
    for (const file of files) {
      await page.goto(`file://${file}`);
      if (how === 'no-style' || how === 'inverted') {
        await page.evaluate(() => document.querySelectorAll('style, meta[name*=color-scheme]').forEach((element) => element.remove()));
      }
      const name = [basename(file, '.html'), width, colorScheme, how].filter(Boolean).join('-');
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    }
    await page.close();
  }
  await browser.close();
}

(async () => {
  const [folder, ...files] = process.argv.slice(2);
  await take(folder, files, SHOTS, []);
  await take(folder, files, [[375, 'light', 'inverted']], INVERTED);
})();
