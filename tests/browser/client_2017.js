// What the tracker of 2017 did on the wire, written anew from its description: pages and
// emails go by XMLHttpRequest, as JSON, to addresses that carry the visitor's id.

(function () {
  var key = "tracker-uuid";
  var target = null;

  function newId() {
    return "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, function (digit) {
      var random = Math.floor(Math.random() * 16);
      return (digit === "x" ? random : (random % 4) + 8).toString(16);
    });
  }

  function visitor() {
    if (!localStorage.getItem(key)) localStorage.setItem(key, newId());
    return localStorage.getItem(key);
  }

  function post(what, data, done) {
    var request = new XMLHttpRequest();
    request.open("POST", target + "/user/" + visitor() + "/" + what);
    request.setRequestHeader("Content-Type", "application/json");
    request.onload = function () {
      if (done) done(request.status, request.responseText);
    };
    request.send(JSON.stringify(data));
  }

  window.UNT = function (server) {
    target = server;
    post("track", {
      title: document.title,
      url: window.location.href,
      datetime: Date.now(),
    });
  };

  window.registerEmail = function (done) {
    post("email", { email: document.getElementById("emailUNT").value }, done);
  };
})();
