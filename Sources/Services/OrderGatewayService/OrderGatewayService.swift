// OrderGatewayService: the only process that trades. The desk decides; the service carries out.
// 1. An order is sent after its intent is on its way to Redis, or confirmed where more hangs on it,
//    under a fence that holds, once.
// 2. A command past its deadline is refused; a repeated one is answered, never executed again.
// 3. Every trade the venue reports reaches exactly one book, by its trade id and side.
// 4. After a start, an outage of Redis or of the user stream, no new risk is taken before open
//    orders, doubtful orders and trades since then are reconciled with the venue.
// 5. Cancels pass whenever the venue can be reached.
