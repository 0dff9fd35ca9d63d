// Opens each HTML file named on the command line in Chromium, at three widths, light and dark, with and without its
// <style>, and says what a reader would stumble over: text that runs out of the window, buttons too small for a thumb,
// pictures without an alternative text, headings out of order, words that hardly stand out from their ground (WCAG 1.4.3).
const { launch } = require('./chromium');

function stumbles({ width, styled }) {
  const found = [];
  const luminance = (colour) => {
    const parts = colour.match(/[\d.]+/g).slice(0, 3).map((value) => value / 255);
    const linear = parts.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\)$/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(element) || element.getClientRects().length === 0) continue;
    seen.add(element);
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) found.push(`a contrast of ${contrast.toFixed(2)}: ${element.outerHTML.slice(0, 120)}`);
  }
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width + 0.5);
    found.push(`runs out of the window: ${wide.slice(-1).map((e) => e.outerHTML.slice(0, 120))}`);
  }
  for (const a of document.querySelectorAll('a')) {
    const box = a.getBoundingClientRect();
    if (getComputedStyle(a).display !== 'inline' && !a.querySelector('img') && box.height < 43.9) {
      found.push(`a target of ${box.height} px: ${a.textContent.slice(0, 40)}`);
    }
    if (!a.textContent.trim() && !a.querySelector('img')) found.push('a link without words');
  }
  // On a telephone, where lines are short; Gmail's clipped view has no such rule.
  for (const dot of styled && width < 621 ? document.querySelectorAll('.dot') : []) {
    const next = document.createRange();
    next.selectNode(dot.nextSibling);
    const lower = next.getClientRects()[0].top > dot.getBoundingClientRect().bottom - 2;
    if (lower && getComputedStyle(dot).visibility !== 'hidden') found.push(`a line ends in a dot: ${dot.parentElement.textContent}`);
  }
  for (const img of document.querySelectorAll('img')) if (!img.hasAttribute('alt')) found.push(`no alt: ${img.src}`);
  const levels = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => Number(h.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) found.push(`not one h1: ${levels}`);
  levels.forEach((level, at) => { if (at > 0 && level > levels[at - 1] + 1) found.push(`a heading skips a level: ${levels}`); });
  if (!document.documentElement.lang) found.push('no language');
  for (const table of document.querySelectorAll('table')) {
    if (table.getAttribute('role') !== 'presentation' && !table.classList.contains('data')) found.push('a table for looks without its role');
  }
  return found.map((what) => `${width} px${styled ? '' : ' without style'}: ${what}`);
}

(async () => {
  const browser = await launch();
  let bad = 0;
  for (const file of process.argv.slice(2)) {
    for (const [width, colorScheme] of [[320, 'light'], [375, 'dark'], [1000, 'light'], [1000, 'dark']]) {
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      await page.route(/^https?:/, (route) => route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="900"><rect width="1600" height="900" fill="teal"/></svg>' }));
      await page.goto(`file://${file}`);
      let said = await page.evaluate(stumbles, { width, styled: true });
      await page.evaluate(() => document.querySelectorAll('style').forEach((style) => style.remove()));
      said = said.concat(await page.evaluate(stumbles, { width, styled: false }));
      for (const what of said) { console.error(`${file}: ${colorScheme}, ${what}`); bad += 1; }
      await page.close();
    }
  }
  await browser.close();
  process.exit(bad ? 1 : 0);
})();
