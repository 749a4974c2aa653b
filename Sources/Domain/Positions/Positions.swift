// Positions: how books change, as arithmetic and as an orderly conversation with the ledger script.
// 1. The sum of all changes of a symbol is the sum of its books; a change applies to one book once.
// 2. wallet = deposits + realised − fees + funding, exactly.
// 3. PnL is realised on the closed part only; a flip closes and opens in one change.
// 4. One change of an account is in flight at a time; repeating one is harmless.
// 5. A cached version that is behind is replaced by what the script answers; nothing is guessed.
