// PaperExchangeService: a futures exchange on loopback, for people who have no account yet and for
// tests that want a venue that can be asked what really happened.
// 1. All of the exchange is in `PaperDesk`; the service carries bytes, time and files.
// 2. Nothing in it knows about the rest of the stack: any bot may use it.
