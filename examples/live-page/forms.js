// A form that loses nothing: what was typed is kept until the server has acknowledged it.

import { Refusal } from "./api.js";

/**
 * `send(values, key)` resolves to the words to show. When it throws a Refusal, that is shown and
 * the text stays. The key is the same for each try to send the same words: they arrive once.
 */
export function keep(form, name, send) {
  const status = form.querySelector(".status");
  const button = form.querySelector("button:not([type])");
  const fields = [...form.elements].filter((each) => each.name && each.name !== "redirect");
  const kept = JSON.parse(sessionStorage.getItem(name) ?? "{}");
  let { key = newKey(), shown = now() } = kept;

  form.noValidate = true; // the server says what is wrong, and we show it beside the field
  for (const field of fields) {
    field.value = kept.values?.[field.name] ?? field.value;
    if (field.type === "hidden") continue;
    const problem = document.createElement("span");
    problem.id = `${field.id}-problem`;
    problem.className = "problem";
    field.after(problem);
    field.setAttribute("aria-describedby", problem.id);
  }
  form.addEventListener("input", () => {
    key = newKey();
    save();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    save();
    show("");
    busy(true);
    try {
      const words = await send({ ...values(), shown_at: shown }, key);
      done(words);
    } catch (error) {
      show(error instanceof Refusal ? error.message : "Something went wrong here.", error.fields ?? {});
      if (!(error instanceof Refusal)) throw error;
    } finally {
      busy(false);
    }
  });

  function values() {
    return Object.fromEntries(fields.map((field) => [field.name, field.value]));
  }

  function save() {
    sessionStorage.setItem(name, JSON.stringify({ values: values(), key, shown }));
  }

  function done(words) {
    // Who one is need not be typed again.
    const said = fields.filter(({ autocomplete }) => !["name", "email", "url"].includes(autocomplete));
    for (const field of said) field.value = "";
    key = newKey();
    shown = now();
    save();
    show(words);
    form.dispatchEvent(new Event("reset"));
  }

  function busy(is) {
    button.disabled = is;
    for (const field of fields) field.readOnly = is;
  }

  function show(words, problems = null) {
    const wrong = fields.filter((field) => problems?.[field.name] && field.type !== "hidden");
    const elsewhere = Object.keys(problems ?? {}).filter((each) => !wrong.some((field) => field.name === each));
    status.textContent = [words, ...elsewhere.map((each) => problems[each])].join(" ");
    status.classList.toggle("problem", problems !== null);
    for (const field of fields.filter(({ type }) => type !== "hidden")) {
      field.setAttribute("aria-invalid", wrong.includes(field));
      document.getElementById(`${field.id}-problem`).textContent = problems?.[field.name] ?? "";
    }
    wrong[0]?.focus();
  }
}

function now() {
  return new Date().toISOString();
}

function newKey() {
  // randomUUID() is there only on https and this machine.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
