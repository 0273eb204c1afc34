// The page's own script: the Send button, and what became of it.
const form = document.querySelector("#subscribe");
const feedback = document.querySelector("#feedback");
const button = form.querySelector("button");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  say("Sending…", "waiting");

  const registered =
    typeof registerEmail === "function" && (await registerEmail());

  button.disabled = false;

  if (registered) {
    say("Thank you. You will hear from us when it is clear.", "good");
  } else {
    say("That did not work. Please check the address and try again.", "bad");
  }
});

function say(sentence, mood) {
  feedback.textContent = sentence;
  feedback.dataset.mood = mood;
}
