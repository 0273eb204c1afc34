// What the buttons of the test page do.
const stars = document.querySelector("#stars");
let plate = 1;

document.querySelector("#push").addEventListener("click", () => {
  plate += 1;
  history.pushState({}, "", `/test/plate/${plate}`);
  document.title = `Plate ${plate} · Lantern Hill`;
});

document.querySelector("#count").addEventListener("click", () => {
  stars.value = String(Number(stars.value) + 1);

  if (typeof UNT === "function" && UNT.track) {
    UNT.track("star counted", { total: Number(stars.value) });
  }
});
