// PriceFeedService: turns the venue's streams into ticks and price records on Redis.
// 1. The desk decides, the service carries out: sockets, REST, Redis and timers are the service's.
// 2. Streamed are the symbols that someone wants (positions, working orders, watches that have not
//    expired), and no others; the last release unsubscribes after a grace period.
// 3. What is published was read exactly and believed (Quotes, invariant 1); the rest is counted by
//    its reason and logged at most ten times a minute; where nothing else comes, a person is told.
// 4. The newest value of a symbol always arrives, at most once in a throttle's window.
// 5. Sockets carry streams of one kind, up to a limit, each with a staleness clock of its own. A stale
//    symbol is asked for anew, then moved or its socket replaced, then asked for by REST; each step
//    is told once. A host sees at most five attempts to reconnect in any minute (T2-T5). A record that
//    says fresh is written again, as stale, once neither stream nor REST says that its price is of now.
// 6. A socket is renewed by one that overlaps it: no tick is missed, none is doubled.
// 7. Redis away changes nothing on the streams; when it is back, all that is known is written.
// 8. A tick's sequence of one symbol rises by one each time, and never falls over restarts.
