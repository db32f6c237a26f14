// Looks at pages with Chromium, as people do: without JavaScript, with the keyboard.
// node driver.mjs MODULES CHROMIUM. A question on each line of its input, an answer on each of its output, both JSON; it
// ends with its input.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import * as inPage from './in_page.mjs';

const [modules, chromium] = process.argv.slice(2);
const require = createRequire(join(modules, 'package.json'));
const { default: puppeteer } = await import(pathToFileURL(require.resolve('puppeteer-core')));
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const PHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 800 };
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
// More stops than any page has.
const MANY = 200;

const browser = await puppeteer.launch({
  executablePath: chromium,
  pipe: true,
  // Less than the tests wait for an answer.
  protocolTimeout: 60_000,
  // Chromium's sandbox refuses root.
  args: process.getuid() === 0 ? ['--no-sandbox'] : [],
});
const tabs = [];

const asks = {
  async open() {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.setViewport(PHONE);
    await page.setJavaScriptEnabled(false);
    const devtools = await page.createCDPSession();
    await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: true });
    return tabs.push({ context, page }) - 1;
  },

  /** Goes to an address, with that method, those headers and that body. */
  async go({ page }, { url, method, headers, body }) {
    await page.setExtraHTTPHeaders({ 'accept-language': headers['accept-language'] });
    await page.setRequestInterception(true);
    const send = (request) => {
      const first = request.isNavigationRequest() && request.redirectChain().length === 0;
      request.continue(first ? { method, headers: { ...request.headers(), ...headers }, postData: body } : {});
    };
    page.on('request', send);
    const answer = await page.goto(url);
    page.off('request', send);
    await page.setRequestInterception(false);
    return answer.status();
  },

  /** Presses Tab until it is at what the selector names. */
  async reach({ page }, { selector }) {
    for (let count = 0; count < MANY; count += 1) {
      if (await page.evaluate(inPage.isAt, selector)) return null;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${selector}`);
  },

  async press({ page }, { key }) {
    await page.keyboard.press(key);
    return null;
  },

  /** Presses a key that leads elsewhere; what the page there was answered with. */
  async follow({ page }, { key }) {
    const [answer] = await Promise.all([page.waitForNavigation(), page.keyboard.press(key)]);
    return answer.status();
  },

  async write({ page }, { text }) {
    await page.keyboard.type(text);
    return null;
  },

  async look({ page }) {
    return { address: page.url(), text: await page.evaluate(inPage.text) };
  },

  /** The value of each field that has one, or is ticked. */
  async fields({ page }) {
    return page.evaluate(inPage.fields);
  },

  /** Everything that a page must be. Returns what is wrong; leaves pictures of it. */
  async check({ page }, { pictures }) {
    const faults = await page.evaluate(inPage.scripts);
    await page.screenshot({ path: `${pictures}.png`, fullPage: true });
    faults.push(...(await walk(page)));
    for (const [viewport, scheme] of [[PHONE, 'light'], [DESK, 'dark']]) {
      await page.setViewport(viewport);
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      const seen = [...(await page.evaluate(inPage.width)), ...(await violations(page))];
      faults.push(...seen.map((fault) => `${viewport.width} px, ${scheme}: ${fault}`));
      await page.screenshot({ path: `${pictures}-${viewport.width}-${scheme}.png`, fullPage: true });
    }
    await page.emulateMediaFeatures([]);
    await page.setViewport(PHONE);
    return faults;
  },

  async close({ context }) {
    await context.close();
    return null;
  },
};

/** Goes once through the page with Tab, and opens with Enter or Space what can be opened. */
async function walk(page) {
  const faults = [];
  await page.evaluate(inPage.begin);
  for (let count = 0; count < MANY; count += 1) {
    await page.keyboard.press('Tab');
    const { again, shut, fault } = await page.evaluate(inPage.stop);
    if (again) break;
    if (fault) faults.push(fault);
    if (shut) {
      await page.keyboard.press(count % 2 ? 'Space' : 'Enter');
      if (!(await page.evaluate(inPage.isOpen))) faults.push(`${shut} does not open with the keyboard`);
    }
  }
  return [...faults, ...(await page.evaluate(inPage.order))];
}

/** What axe finds wrong. It is a script, the only one that ever runs in the page. */
async function violations(page) {
  await page.setJavaScriptEnabled(true);
  await page.evaluate(axe);
  const found = await page.evaluate(inPage.violations, TAGS);
  await page.setJavaScriptEnabled(false);
  return found;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, tab, ...what } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ answer: await asks[ask](tabs[tab], what) }));
  } catch (error) {
    console.log(JSON.stringify({ error: `${ask} ${JSON.stringify(what)}: ${error.message}` }));
  }
}
await browser.close();
