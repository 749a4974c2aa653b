import BusProtocol
import Trading

/// The names of accounts, and which symbols their books are of, in little memory.
struct BookNames {
    private(set) var symbols: [Symbol] = []
    private var accounts: [AccountID] = []
    private var numbers: [Symbol: Int32] = [:]
    /// A book is its account and the number of its symbol.
    private var books: [(account: AccountID, symbol: Int32)] = []
    /// Where the next page begins.
    private var next = (account: 0, book: 0)

    mutating func addAccount(_ name: String) {
        if let account = AccountID(name) { accounts.append(account) }
    }

    mutating func addBook(_ member: String) {
        guard let (account, symbol) = BusKeys.book(of: member) else { return }
        let number = numbers[symbol] ?? Int32(symbols.count)
        if numbers[symbol] == nil {
            numbers[symbol] = number
            symbols.append(symbol)
        }
        books.append((account, number))
    }

    /// Ascending, each once; accounts that only a book names are among them.
    mutating func sort() {
        books.sort { ($0.account, $0.symbol) < ($1.account, $1.symbol) }
        accounts.sort()
        let known = accounts
        var place = 0
        for book in books {
            while place < known.count, known[place] < book.account { place += 1 }
            let isKnown = place < known.count && known[place] == book.account
            if !isKnown, accounts.last != book.account { accounts.append(book.account) }
        }
        accounts.sort()
        // A scan may tell a name twice; the second would find its books taken, and be without any.
        accounts = accounts.reduce(into: []) { once, account in
            if once.last != account { once.append(account) }
        }
    }

    /// The next accounts with their symbols; nil after the last.
    mutating func nextPage(_ size: Int) -> [(id: AccountID, symbols: [Symbol])]? {
        guard next.account < accounts.count else { return nil }
        var page: [(id: AccountID, symbols: [Symbol])] = []
        while page.count < size, next.account < accounts.count {
            let account = accounts[next.account]
            next.account += 1
            page.append((account, symbolsOfNext(account)))
        }
        return page
    }

    private mutating func symbolsOfNext(_ account: AccountID) -> [Symbol] {
        var found: [Symbol] = []
        while next.book < books.count, books[next.book].account == account {
            let symbol = symbols[Int(books[next.book].symbol)]
            if found.last != symbol { found.append(symbol) }
            next.book += 1
        }
        return found
    }
}
