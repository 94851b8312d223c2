// A browser that does what it is told: browser.js CHROMIUM
//
// Reads one command a line from standard input, as JSON, and answers each with one line of JSON. It ends, and its browser
// with it, when standard input does. Nothing outside of 127.0.0.0/8 is ever asked.
//
// Commands:
//   {"do": "show", "html": "..."}    shows a document and waits until its pictures are there
//   {"do": "click", "text": "..."}   clicks what bears this text, and waits for the page that it leads to
//   {"do": "draw", "html": "...", "dot": "URL"}  draws a document of which nothing is loaded but a transparent picture at
//                                    that URL
//
// Answers: {"url", "title", "text"} of the page, or of what is drawn {"picture", "boxes"}: the SHA-256 of it as PNG, and
// where every element stands but the dot.
const { chromium } = require("playwright-core");
const { createHash } = require("node:crypto");
const { createInterface } = require("node:readline");

const LOOPBACK = /^https?:\/\/127\.\d+\.\d+\.\d+(:\d+)?\//;

// Where a document is shown, as in a mail reader of the web.
const READER = "http://127.0.0.1/message";
// A transparent picture of one pixel.
const DOT = Buffer.from("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==", "base64");

async function start(executablePath) {
  const browser = await chromium.launch({
    executablePath,
    // Started by root, Chromium refuses to run in its sandbox; a second lock beside the routes below.
    args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*"],
  });
  // Without a screen it says so in its name, and counts as a machine.
  const version = browser.version().split(".")[0];
  const context = await browser.newContext({
    userAgent: `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`,
    viewport: { width: 800, height: 1200 },
  });
  // Pages of an unsafe origin may not ask for anything at a loopback address; nor may others unless they are allowed to.
  await context.grantPermissions(["local-network-access"]);
  const page = await context.newPage();
  let document, pictures;
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url === READER) return route.fulfill({ contentType: "text/html; charset=utf-8", body: document });
    if (pictures?.includes(url)) return route.fulfill({ contentType: "image/gif", body: DOT });
    return !pictures && LOOPBACK.test(url) ? route.continue() : route.abort();
  });
  page.setDefaultTimeout(60_000);
  const shown = async () => ({
    url: page.url(),
    title: await page.title(),
    text: await page.locator("body").innerText(),
  });
  return {
    close: () => browser.close(),
    async show({ html }) {
      [document, pictures] = [html, undefined];
      await page.goto(READER);
      return shown();
    },
    async click({ text }) {
      await Promise.all([page.waitForNavigation(), page.click(`:is(a, button):text-is(${JSON.stringify(text)})`)]);
      return shown();
    },
    async draw({ html, dot }) {
      [document, pictures] = [html, [dot]];
      await page.goto(READER);
      const boxes = await page.evaluate(boxesBut, dot);
      const screenshot = await page.screenshot({ animations: "disabled", caret: "hide" });
      return { boxes, picture: createHash("sha256").update(screenshot).digest("hex") };
    },
  };
}

// Runs in the page: where every element stands, but the picture from this URL.
function boxesBut(url) {
  return [...document.querySelectorAll("*")]
    .filter((element) => element.src !== url)
    .map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return `${element.localName} ${x} ${y} ${width} ${height}`;
    });
}

async function main() {
  const browser = await start(process.argv[2]);
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    console.log(JSON.stringify(await browser[command.do](command)));
  }
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
