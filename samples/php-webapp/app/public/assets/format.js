/** How the pages fetch and write things. */

const whole = new Intl.NumberFormat('en');
const euros = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR', maximumFractionDigits: 0 });

export const text = String;
export const count = value => whole.format(value);
export const money = value => euros.format(value);
export const percent = value => `${value.toFixed(1)} %`;

/** Makes an element with a text; `options` are its properties. */
export function element(name, content, options = {}) {
  return Object.assign(document.createElement(name), { textContent: content }, options);
}

/** The JSON of an address; throws with the server's own words when it refuses. */
export async function json(address) {
  const response = await fetch(address);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error ?? `The server answered ${response.status}`);
  return body;
}

/** Says on the page what went wrong; nothing hides it again. */
export function complain(error) {
  const problem = document.getElementById('problem');
  problem.textContent = error.message;
  problem.hidden = false;
}
