/// The part of a list that a caller asked for.
package enum Window: Sendable, Equatable {
    /// Page `number` (from 1) of `size` rows: answered as an envelope.
    case page(number: Int, size: Int)
    /// The rows after the first `skip`, at most `limit`: answered as a bare array.
    case slice(skip: Int, limit: Int)

    /// How many rows of the whole list come before this part.
    package var offset: Int {
        switch self {
        case .page(let number, let size): (number - 1) * size
        case .slice(let skip, _): skip
        }
    }

    /// How many rows this part holds at most.
    package var limit: Int {
        switch self {
        case .page(_, let size): size
        case .slice(_, let limit): limit
        }
    }

    /// How many rows a page may have.
    package static let pageSizes = 1...100
    /// How many rows a slice may have.
    package static let sliceLimits = 1...1000

    /// A list reaches so many rows; `total` counts no further and no part begins beyond.
    package static let reach = 1_000_000
}

/// One part of a list, and how long the whole is.
package struct Listing<Row: Sendable>: Sendable {
    /// The rows of the part asked for, in the order of the list.
    package let rows: [Row]
    /// All rows of the list, counted up to `Window.reach`.
    package let total: Int

    /// A part of a list with `total` rows.
    package init(rows: [Row], total: Int) {
        self.rows = rows
        self.total = total
    }
}
