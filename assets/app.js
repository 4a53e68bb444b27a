// Small comforts. Every page works without them.

// Shows the chosen photos before they are sent.
for (const input of document.querySelectorAll("input[data-photos]")) {
  const list = document.querySelector(`[data-preview="${input.id}"]`);
  input.addEventListener("change", () => {
    list.replaceChildren(
      ...[...input.files].map((file, index) => {
        const picture = document.createElement("img");
        picture.src = URL.createObjectURL(file);
        picture.alt = `第 ${index + 1} 张照片`;
        picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
        const item = document.createElement("li");
        item.append(picture);
        return item;
      }),
    );
  });
}

// A form is sent once, however often the button is tapped.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// Coming back with the browser's back button makes the form usable again.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// Copies a text that a button names.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.textContent = "已复制";
  });
}

// Prints the page.
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Errors of a form are read out and seen first.
document.getElementById("errors")?.focus();

// Turns a screen that nobody touches to the next page after a while, until somebody says stop.
for (const next of document.querySelectorAll("a[data-stay]")) {
  // While the server is away the screen stays as it is: an error page would never turn again.
  const turn = setInterval(async () => {
    const there = await fetch(next.href, { cache: "no-store" }).then((answer) => answer.ok, () => false);
    if (there) location.replace(next.href);
  }, next.dataset.stay * 1000);
  for (const button of document.querySelectorAll("button[data-pause]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      clearInterval(turn);
      button.textContent = "已暂停";
    });
  }
}
