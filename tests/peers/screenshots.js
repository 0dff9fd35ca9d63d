// Opens pages in headless Chromium as a phone and a desktop would, light and dark, takes a picture of each, and says what
// is wrong with them: messages on the console (a policy that was violated is one), requests to elsewhere, text that
// overflows the screen, things to press that are too small for a finger, fields without a name.
//
// Standard input: {"folder": where the pictures go, "pages": {name: address}, "fill": {name of a page: {selector: text}}}.
// Standard output: a JSON list of complaints, each "name width scheme: what".
const { launch } = require("./chromium");
const fs = require("node:fs");
const path = require("node:path");

const WIDTHS = [375, 1000];
const SCHEMES = ["light", "dark"];
// Chromium's own idea of what a finger hits, which the layout promises.
const TARGET = 44;

// Runs in the page.
function examine(least) {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push(`is ${root.scrollWidth} px wide on ${root.clientWidth}`);
  if (!root.lang || !root.dir) wrong.push("has no lang or dir");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("has not exactly one h1");
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.right > 0 && box.left < root.clientWidth && !element.closest("[aria-hidden]");
  };
  for (const element of document.querySelectorAll("a, button, input:not([type=hidden])")) {
    if (!seen(element)) continue;
    // A link in running text is as tall as its line; WCAG 2.5.8 leaves those out. A label is pressed for its box.
    const inline = element.tagName === "A" && getComputedStyle(element).display === "inline";
    const target = (element.closest("label") ?? element).getBoundingClientRect();
    if (!inline && (target.height < least - 0.5 || target.width < least - 0.5)) {
      wrong.push(`${element.outerHTML.slice(0, 80)} is ${target.width.toFixed()}×${target.height.toFixed()} px`);
    }
    const name = element.labels?.length || element.getAttribute("aria-label") || element.textContent.trim();
    if (!name) wrong.push(`${element.outerHTML.slice(0, 80)} has no name`);
  }
  const luminance = (colour) => {
    const parts = colour.match(/[\d.]+/g).slice(0, 3).map((value) => value / 255);
    const linear = parts.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const complained = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !seen(element) || complained.has(element)) continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) {
      complained.add(element);
      wrong.push(`${element.outerHTML.slice(0, 80)} has a contrast of ${contrast.toFixed(2)}`);
    }
  }
  return wrong;
}

async function main() {
  const { folder, pages, fill = {} } = JSON.parse(fs.readFileSync(0, "utf8"));
  fs.mkdirSync(folder, { recursive: true });
  const browser = await launch();
  const complaints = [];
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, locale: "en-GB" });
      const page = await context.newPage();
      let name, address;
      const complain = (what) => complaints.push(`${name} ${width} ${colorScheme}: ${what}`);
      page.on("console", (message) => complain(`console: ${message.text()}`));
      page.on("pageerror", (error) => complain(`error: ${error.message}`));
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol !== "data:" && url.host !== new URL(address).host) complain(`asks ${url.host}`);
      });
      for ([name, address] of Object.entries(pages)) {
        const response = await page.goto(address, { waitUntil: "load" });
        for (const [selector, text] of Object.entries(fill[name] ?? {})) await page.fill(selector, text);
        if (response.status() >= 400 && !name.startsWith("error")) complain(`has the status ${response.status()}`);
        for (const what of await page.evaluate(examine, TARGET)) complain(what);
        await page.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
      await context.close();
    }
  }
  await browser.close();
  process.stdout.write(JSON.stringify([...new Set(complaints)]));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
