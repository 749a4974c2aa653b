// PriceFeedService: turns the venue's streams into ticks and price records on Redis.
// 1. The desk decides, the service carries out: sockets, REST, Redis and timers are the service's.
// 2. Streamed are the symbols that someone wants (positions, working orders, watches that have not
//    expired), and no others; the last release unsubscribes after a grace period.
// 3. What is published was read exactly and believed (Quotes, invariant 1); the rest is counted by
//    its reason and logged at most ten times a minute.
// 4. The newest value of a symbol always arrives, at most once in a throttle's window.
// 5. Book and mark have a socket and a staleness clock each. A stale symbol is asked for anew, then
//    its socket is replaced; a host sees at most five connection attempts in any minute (T2-T5).
// 6. Redis away changes nothing on the streams; when it is back, all that is known is written.
// 7. A tick's sequence of one symbol rises by one each time, and never falls over restarts.
