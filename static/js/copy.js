// Copy to the clipboard: <button data-copy="ID"> copies that element's text, <button data-copy-text="…"> its own.

const said = document.querySelector("[data-announce]");

async function copy(button) {
  const text = button.dataset.copyText ?? document.getElementById(button.dataset.copy)?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text.trim());
  } catch {
    return select(document.getElementById(button.dataset.copy));
  }
  button.classList.add("copied");
  if (said) said.textContent = "Copied";
  setTimeout(() => {
    button.classList.remove("copied");
    if (said) said.textContent = "";
  }, 1600);
}

/** Where the clipboard is out of reach (plain http), mark the text so that the keyboard can copy it. */
function select(element) {
  if (element) getSelection()?.selectAllChildren(element);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-text]");
  if (button) copy(button);
});
