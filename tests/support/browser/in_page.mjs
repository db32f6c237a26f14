// What is asked of a page from inside. Each function is sent there as text, so that none can use another.

export const text = () => document.body.innerText;

export const isAt = (selector) => document.activeElement?.matches(selector) ?? false;

export const isOpen = () => document.activeElement?.parentElement.open === true;

export function fields() {
  const all = [...document.querySelectorAll('input:not([type=hidden]), select, textarea')];
  const filled = all.filter((field) => (['radio', 'checkbox'].includes(field.type) ? field.checked : field.value));
  return Object.fromEntries(filled.map((field) => [field.id, field.value]));
}

/** Scripts, of which there are none. */
export function scripts() {
  const faults = [...document.querySelectorAll('script, a[href^="javascript:"]')].map((e) => `script: ${e.outerHTML}`);
  for (const element of document.querySelectorAll('*')) {
    for (const { name } of element.attributes) if (name.startsWith('on')) faults.push(`${element.tagName} has ${name}`);
  }
  return faults;
}

/** Nothing is wider than the window, but tables and drawings in a box of their own that scrolls (WCAG 2.2, 1.4.10). */
export function width() {
  const wide = document.documentElement.scrollWidth > innerWidth;
  const faults = wide ? [`the page is ${document.documentElement.scrollWidth} px wide`] : [];
  const scrolls = (e) => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1;
  for (const element of document.querySelectorAll('body *:not(textarea)')) {
    if (!element.checkVisibility()) continue;
    if (scrolls(element) && !element.querySelector('table, svg')) {
      faults.push(`<${element.tagName.toLowerCase()} class="${element.className}"> scrolls`);
    }
    let box = element.parentElement;
    while (box && !scrolls(box)) box = box.parentElement;
    const right = (e) => Math.round(e.getBoundingClientRect().right);
    // Of those inside one another, the outermost.
    if (!box && right(element) > innerWidth && right(element.parentElement) <= innerWidth) {
      faults.push(`${element.outerHTML.slice(0, 120)} reaches ${right(element)} px`);
    }
  }
  return faults;
}

export function begin() {
  window.stops = [];
  window.past = 0;
}

/** Where Tab has come to; whether it was there before, and what is wrong with it. */
export function stop() {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) {
    // Past the last one: the browser's own controls, then the first one again.
    window.past += 1;
    return { again: window.past > 1 };
  }
  // A date has a stop for each of its parts.
  if (at === window.stops.at(-1)) return {};
  if (window.stops.includes(at)) return { again: true };
  window.stops.push(at);
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  const { top, bottom } = at.getBoundingClientRect();
  const name = at.outerHTML.slice(0, 120);
  const shut = at.tagName === 'SUMMARY' && !at.parentElement.open ? name : null;
  if (outlineStyle !== 'auto' && (outlineStyle === 'none' || parseFloat(outlineWidth) < 2)) {
    return { shut, fault: `nothing shows that the keyboard is at ${name}` };
  }
  return { shut, fault: bottom <= 0 || top >= innerHeight ? `the keyboard is at ${name}, out of sight` : null };
}

/** Tab reaches all there is, in the order in which it is read. */
export function order() {
  const faults = [];
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')];
  const wanted = all.filter((e) => {
    if (!e.checkVisibility() || e.disabled || e.type === 'hidden' || e.tabIndex < 0) return false;
    if (e.type !== 'radio') return true;
    // Of a group of radio buttons Tab reaches one, arrows the others.
    const group = [...e.form.elements].filter((other) => other.type === 'radio' && other.name === e.name);
    return e === (group.find((other) => other.checked) ?? group[0]);
  });
  const from = window.stops.findIndex((e) => e === wanted[0]);
  const reached = [...window.stops.slice(from), ...window.stops.slice(0, from)].filter((e) => wanted.includes(e));
  const name = (e) => e.outerHTML.slice(0, 120);
  for (const missed of wanted.filter((e) => !reached.includes(e))) faults.push(`Tab does not reach ${name(missed)}`);
  reached.forEach((e, i) => {
    if (i > 0 && e.getBoundingClientRect().bottom <= reached[i - 1].getBoundingClientRect().top) {
      faults.push(`Tab goes up from ${name(reached[i - 1])} to ${name(e)}`);
    }
  });
  if (!faults.length && reached.some((e, i) => e !== wanted[i])) faults.push('Tab does not follow the text');
  return faults;
}

/** What axe finds wrong. */
export async function violations(tags) {
  const { violations: found } = await window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] });
  return found.flatMap(({ id, help, nodes }) => nodes.map(({ html, any }) => {
    return `${id} (${help}) at ${html.slice(0, 160)}: ${any.map(({ message }) => message).join('; ')}`;
  }));
}
