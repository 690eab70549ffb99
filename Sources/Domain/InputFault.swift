/// One thing wrong with what a caller sent, told so that it can be mended.
package struct InputFault: Sendable, Hashable {
    /// The part of the request that the place is in.
    package enum Origin: String, Sendable {
        case body, query, path, header
    }

    /// A step on the way to the place: a key of an object, or an index of an array.
    package enum Step: Sendable {
        case key(String)
        case index(Int)
    }

    /// No answer tells more faults, and reading stops where so many are found: each costs memory and time.
    package static let limit = 100

    /// The part of the request that holds what is wrong.
    package let origin: Origin
    /// The way to it from the outside in; empty for the whole.
    package let place: [Step]
    /// What is wrong and what is allowed; one sentence.
    package let message: String
    /// A stable snake_case word for programs, such as `missing` or `value_error`.
    package let type: String

    /// A fault at `place`, in the body unless another origin is named.
    package init(_ place: [Step], _ message: String, type: String = "value_error", origin: Origin = .body) {
        self.origin = origin
        self.place = place
        self.message = message
        self.type = type
    }

    /// The place as words: keys and indexes.
    package var path: [String] {
        place.map { step in
            switch step {
            case .key(let key): key
            case .index(let index): String(index)
            }
        }
    }
}

// Keys are compared by their bytes: a stranger chose them.
extension InputFault.Step: Hashable {
    package static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.key(let left), .key(let right)): left.hasSameBytes(as: right)
        case (.index(let left), .index(let right)): left == right
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .key(let key): key.hashBytes(into: &hasher)
        case .index(let index): hasher.combine(index)
        }
    }
}

extension InputFault.Step: ExpressibleByStringLiteral {
    /// The key of that name.
    package init(stringLiteral value: String) {
        self = .key(value)
    }
}

/// Several faults as an error.
package struct InputFaults: Error, Sendable, Equatable {
    /// What was found wrong, in the order in which it was found.
    package let faults: [InputFault]

    /// The faults found; at least one.
    package init(_ faults: [InputFault]) {
        self.faults = faults
    }
}
