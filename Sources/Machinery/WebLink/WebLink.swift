// WebLink: requests and WebSockets to venues. curl does DNS, TLS, proxies and connections on the
// loop; WebProtocol speaks RFC 6455 over a connection curl opened.
//
// Invariants
// 1. Every request ends in exactly one outcome: response, not sent, or unknown.
// 2. `notSent` is said only when curl never came to sending the request: CURLOPT_PREREQFUNCTION,
//    which runs when the connection stands and before each sending, was not called. What was given
//    to a kept line is never said to be not sent.
// 3. A request is sent once. curl's own second sending on a connection that died is refused, unless
//    the request is idempotent.
// 4. Every wait has a deadline and every buffer a limit.
// 5. `closed` of a WebSocket is called exactly once for each `connect()`, as its last call.
// 6. Receiving a WebSocket message that one frame holds allocates nothing.
