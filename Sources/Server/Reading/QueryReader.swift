import Domain
import Foundation
import Scheduling

/// Takes the parameters of a query one by one, and gathers every fault on the way. An empty value counts as none.
struct QueryReader {
    private let pairs: [(name: String, value: String)]
    private(set) var faults: [InputFault]

    /// A reader of a query as it stands in the URL, without the `?`.
    init(_ query: String) {
        let form = FormPairs(query.utf8, origin: .query)
        pairs = form.pairs
        faults = form.faults
    }

    /// Throws every fault found, if any.
    func check() throws(InputFaults) {
        guard faults.isEmpty else { throw InputFaults(faults) }
    }

    /// The value; the last one where it is sent several times.
    func text(_ name: String) -> String? {
        pairs.last { $0.name.hasSameBytes(as: name) && !$0.value.isEmpty }?.value
    }

    /// The value, of at most so many characters (Unicode scalars).
    mutating func text(_ name: String, upTo length: Int) -> String? {
        guard let text = text(name) else { return nil }
        guard text.unicodeScalars.count <= length else {
            fail(name, "must have at most \(length) characters", type: "string_too_long")
            return nil
        }
        return text
    }

    /// All values, be they repeated or separated by commas.
    func texts(_ name: String) -> [String] {
        wholeTexts(name).flatMap { $0.utf8.split(separator: UInt8(ascii: ",")) }.map { String(Substring($0)) }
    }

    /// All values that are repeated, whatever commas they hold.
    func wholeTexts(_ name: String) -> [String] {
        pairs.filter { $0.name.hasSameBytes(as: name) && !$0.value.isEmpty }.map(\.value)
    }

    /// A whole number in a range.
    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(name) else { return nil }
        let isWhole = text.utf8.drop { $0 == UInt8(ascii: "-") }
            .allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isWhole, let number = Int(text) else {
            fail(name, "must be an integer of at most 64 bits", type: "int_parsing")
            return nil
        }
        guard range.contains(number) else {
            let message =
                range.upperBound == .max
                ? "must be at least \(range.lowerBound)" : "must be from \(range.lowerBound) to \(range.upperBound)"
            fail(name, message, type: "out_of_range")
            return nil
        }
        return number
    }

    /// `true`, `false` in any case, `1` or `0`.
    mutating func bool(_ name: String) -> Bool? {
        guard let text = text(name) else { return nil }
        let word = text.utf8.map(\.asciiLowercased)
        for (name, flag) in [("true", true), ("1", true), ("false", false), ("0", false)]
        where word.elementsEqual(name.utf8) {
            return flag
        }
        fail(name, "must be true or false", type: "bool_parsing")
        return nil
    }

    /// Raw values of an enumeration.
    mutating func choices<Choice>(_ name: String, of _: Choice.Type) -> [Choice]
    where Choice: RawRepresentable<String> & CaseIterable {
        var choices: [Choice] = []
        for text in texts(name) where faults.count < InputFault.limit {
            if let choice: Choice = read(text, of: name) { choices.append(choice) }
        }
        return choices
    }

    /// One raw value of an enumeration; the last one where it is sent several times.
    mutating func choice<Choice>(_ name: String, of _: Choice.Type) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        text(name).flatMap { read($0, of: name) }
    }

    private mutating func read<Choice>(_ text: String, of name: String) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let choice = Choice(named: text) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            fail(name, "must be one of: \(allowed)", type: "enum")
            return nil
        }
        return choice
    }

    /// An instant; without an offset it is read in UTC.
    mutating func time(_ name: String) -> Date? {
        guard let text = text(name) else { return nil }
        let moment = ISO8601.parse(text) ?? ISO8601.parse(Self.withPlus(text))
        guard let instant = moment?.resolved(in: .utc) else {
            fail(name, "must be a date and time such as 2026-03-01T02:30:00Z", type: "datetime_parsing")
            return nil
        }
        return instant
    }

    /// An id.
    mutating func identifier<Entity>(_ name: String, of _: Entity.Type) -> Identifier<Entity>? {
        guard let text = text(name) else { return nil }
        guard let id = Identifier<Entity>(text) else {
            fail(name, "must be a UUID", type: "uuid_parsing")
            return nil
        }
        return id
    }

    /// The part of a list that is asked for; `skip` or `limit` win over `page` and `page_size`, which are held to their
    /// bounds all the same.
    mutating func window() -> Window {
        let page = integer("page", in: 1...(.max)) ?? 1
        let size = integer("page_size", in: Window.pageSizes) ?? 20
        if text("skip") != nil || text("limit") != nil {
            let skip = integer("skip", in: 0...(.max)) ?? 0
            let limit = integer("limit", in: Window.sliceLimits) ?? 100
            if skip >= Window.reach { failReach("skip") }
            return .slice(skip: skip, limit: limit)
        }
        guard page - 1 < (Window.reach + size - 1) / size else {
            failReach("page")
            return .page(number: 1, size: size)
        }
        return .page(number: page, size: size)
    }

    private mutating func failReach(_ name: String) {
        fail(name, "a list reaches \(Window.reach) rows; narrow it with filters", type: "out_of_range")
    }

    /// Adds a fault of a parameter.
    mutating func fail(_ name: String, _ message: String, type: String) {
        faults.append(InputFault([.key(name)], message, type: type, origin: .query))
    }

    /// A `+` before an offset that nobody encoded has arrived as a space.
    private static func withPlus(_ text: String) -> String {
        guard let space = text.utf8.lastIndex(of: UInt8(ascii: " ")) else { return text }
        return text[..<space] + "+" + text[text.utf8.index(after: space)...]
    }
}
