// The browser of all these checks: headless, and asking nobody on the network for anything by itself.
const { chromium } = require("playwright-core");

exports.launch = (...flags) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", ...flags],
  });
