// Presses the buttons that copy, in headless Chromium: with a clipboard, where there is none (a page without HTTPS), and without scripts.
//
// Standard input: {"address": of the page}.
// Standard output: {"clipboard": [what each button copied and what it then said], "selection": [the same], "scriptless": how many
// buttons are shown}, in JSON.
const { launch } = require("./chromium");
const fs = require("node:fs");

async function press(browser, address, has_clipboard) {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const reader = await context.newPage();
  await reader.goto(address);
  const page = await context.newPage();
  if (!has_clipboard) {
    await page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  }
  await page.goto(address);
  const copied = [];
  for (const button of await page.locator("button.copy:visible").all()) {
    await page.bringToFront();
    const words = await button.textContent();
    await button.click();
    await page.waitForFunction(([button, words]) => button.textContent !== words, [await button.elementHandle(), words]);
    const said = [await button.textContent(), await page.locator("[role=status]").textContent()];
    await reader.bringToFront();
    copied.push([await reader.evaluate(() => navigator.clipboard.readText()), ...said]);
    await page.bringToFront();
    await page.waitForFunction(([button, words]) => button.textContent === words, [await button.elementHandle(), words]);
  }
  await context.close();
  return copied;
}

async function main() {
  const { address } = JSON.parse(fs.readFileSync(0, "utf8"));
  const browser = await launch();
  const clipboard = await press(browser, address, true);
  const selection = await press(browser, address, false);
  const page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(address);
  const scriptless = await page.locator("button:visible").count();
  await browser.close();
  process.stdout.write(JSON.stringify({ clipboard, selection, scriptless }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
