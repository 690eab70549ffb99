import Domain
import Scheduling

/// Takes the fields of a JSON object one by one, and gathers every fault on the way.
///
/// A field that is left out, or at fault, reads as `.nothing`; `check` throws once all are read.
struct BodyReader {
    private let members: [TextKey: JSONValue]
    private(set) var faults: [InputFault]

    /// A reader of an object's members.
    init(_ members: [TextKey: JSONValue]) {
        self.members = members
        var search = UnusableValues()
        search.look(into: .object(members))
        faults = search.faults
    }

    /// Throws every fault found, if any.
    func check() throws(InputFaults) {
        guard faults.isEmpty else { throw InputFaults(faults) }
    }

    /// Adds a fault that the reader cannot see by itself.
    mutating func fail(_ key: TextKey, _ message: String, type: String = "value_error") {
        faults.append(InputFault([.key(key.text)], message, type: type))
    }

    /// Adds faults that somebody else has found, of places that have none yet.
    mutating func add(_ faults: [InputFault]) {
        let known = Set(self.faults.map(\.place))
        self.faults += faults.filter { !known.contains($0.place) }
    }

    /// Adds a fault for each field that is left out.
    mutating func require(_ keys: TextKey...) {
        for key in keys where members[key] == nil { fail(key, "is required", type: "missing") }
    }

    /// The field as it was sent, whatever it is.
    subscript(key: TextKey) -> JSONValue? { members[key] }

    /// A string of so many characters (Unicode scalars).
    mutating func string(_ key: TextKey, length: ClosedRange<Int>) -> Sent<String> {
        read(key, "must be a string", type: "string_type") { value in
            guard case .string(let text) = value else { return nil }
            return text
        } limit: { text in
            Self.lengthFault(of: text, length)
        }
    }

    /// An integer in a range; `5.0` and `"5"` are none.
    mutating func integer(_ key: TextKey, in range: ClosedRange<Int>) -> Sent<Int> {
        read(key, "must be an integer", type: "int_type") { value in
            guard case .integer(let number) = value else { return nil }
            return number
        } limit: { number in
            range.contains(number) ? nil : ("must be from \(range.lowerBound) to \(range.upperBound)", "out_of_range")
        }
    }

    /// `true` or `false`.
    mutating func bool(_ key: TextKey) -> Sent<Bool> {
        read(key, "must be true or false", type: "bool_type") { value in
            guard case .bool(let flag) = value else { return nil }
            return flag
        }
    }

    /// One of the raw values of an enumeration.
    mutating func choice<Choice>(_ key: TextKey, of _: Choice.Type) -> Sent<Choice>
    where Choice: RawRepresentable<String> & CaseIterable & Sendable {
        let allowed = "must be one of: " + Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return read(key, allowed, type: "enum") { value in
            guard case .string(let text) = value else { return nil }
            return Choice(named: text)
        }
    }

    /// A date and time (RFC 3339, or without an offset).
    mutating func time(_ key: TextKey) -> Sent<MomentText> {
        read(key, "must be a date and time such as 2026-03-01T02:30:00Z", type: "datetime_type") { value in
            guard case .string(let text) = value else { return nil }
            return ISO8601.parse(text)
        }
    }

    /// The address of something on the web.
    mutating func url(_ key: TextKey) -> Sent<OutboundURL> {
        guard case .value(let text) = string(key, length: 1...OutboundURL.longest) else { return .nothing }
        do {
            return .value(try OutboundURL(text))
        } catch {
            fail(key, error.message, type: "url")
            return .nothing
        }
    }

    /// An object, as it was sent.
    mutating func object(_ key: TextKey) -> Sent<JSONValue> {
        read(key, "must be an object", type: "dict_type") { value in
            guard case .object = value else { return nil }
            return value
        }
    }

    /// An array of strings of so many characters, each kept once; at most `count` of them.
    mutating func strings(_ key: TextKey, count: Int, length: ClosedRange<Int>) -> Sent<[String]> {
        guard let value = members[key] else { return .nothing }
        guard case .array(let elements) = value else {
            fail(key, "must be an array of strings", type: "list_type")
            return .nothing
        }
        guard elements.count <= count else {
            fail(key, "must have at most \(count) entries", type: "too_long")
            return .nothing
        }
        let faultsBefore = faults.count
        // By bytes: Swift takes canonically equivalent strings for equal.
        var seen: Set<[UInt8]> = []
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            let place: [InputFault.Step] = [.key(key.text), .index(index)]
            guard case .string(let text) = element else {
                faults.append(InputFault(place, "must be a string", type: "string_type"))
                continue
            }
            if let (message, type) = Self.lengthFault(of: text, length) {
                faults.append(InputFault(place, message, type: type))
            } else if seen.insert(Array(text.utf8)).inserted {
                texts.append(text)
            }
        }
        return faults.count == faultsBefore ? .value(texts) : .nothing
    }

    /// The field as `read` takes it, where null is as good as a value.
    mutating func orNull<Value>(
        _ key: TextKey, _ read: (inout BodyReader) -> Sent<Value>
    ) -> Sent<Value?> {
        if members[key] == .null { return .value(nil) }
        switch read(&self) {
        case .nothing: return .nothing
        case .value(let value): return .value(value)
        }
    }

    private mutating func read<Value>(
        _ key: TextKey, _ expectation: String, type: String, _ take: (JSONValue) -> Value?,
        limit: (Value) -> (message: String, type: String)? = { _ in nil }
    ) -> Sent<Value> {
        guard let value = members[key] else { return .nothing }
        guard let taken = take(value) else {
            // What no field can hold is told already.
            if !faults.contains(where: { $0.place == [.key(key.text)] }) { fail(key, expectation, type: type) }
            return .nothing
        }
        if let (message, type) = limit(taken) {
            fail(key, message, type: type)
            return .nothing
        }
        return .value(taken)
    }

    private static func lengthFault(
        of text: String, _ length: ClosedRange<Int>
    ) -> (message: String, type: String)? {
        let count = text.unicodeScalars.count
        if count < length.lowerBound {
            let expectation = length.lowerBound == 1 ? "not be empty" : "have at least \(length.lowerBound) characters"
            return ("must \(expectation)", "string_too_short")
        }
        return count > length.upperBound
            ? ("must have at most \(length.upperBound) characters", "string_too_long") : nil
    }
}
