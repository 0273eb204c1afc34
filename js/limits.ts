// Every number that bounds what unt.js does: times in ms, lengths of strings. An enum,
// so that the build puts the numbers in place of the names.

export const enum Limit {
  // A batch. In bytes it is at most three times as long, under the 64 KB that a browser
  // keeps alive after the page.
  BATCH_EVENTS = 50,
  BATCH_LENGTH = 2e4,
  EVENT_LENGTH = 2e4,
  URL_LENGTH = 4096,

  // The queue.
  MOST_EVENTS = 500,
  MOST_LENGTH = 4e5,
  OLDEST = 6048e5,

  // Sending. A lease outlasts the patience for one answer.
  PATIENCE = 12e3,
  LEASE = 15e3,
  FIRST_BACK_OFF = 2e3,
  LONGEST_BACK_OFF = 3e5,
  HOUR = 36e5,
  JITTER = 900,
  BEACON_ANYWAY = 5e3,

  // Views, and how long they are read.
  SETTLES = 400,
  AT_ONCE = 1e3,
  TICK = 5e3,
  LONGEST_TICK = 7e3,
  IDLE = 6e4,

  // Thirteen months.
  VISITOR_AGE = 34128e6,
}
