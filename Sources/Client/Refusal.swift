import Domain

/// A server's no: what its problem (RFC 9457) tells.
package struct Refusal: Sendable, Equatable {
    /// One value that cannot be used.
    package struct Fault: Sendable, Equatable {
        /// The way to it: keys and indexes, without the part of the request that holds it.
        package let place: [String]
        package let message: String
    }

    /// The status of the answer.
    package let status: Int
    /// The stable word for programs; empty where none is told.
    package let code: String
    /// One sentence.
    package let detail: String
    /// What is wrong with what was sent, place by place.
    package let faults: [Fault]

    /// A refusal of these parts.
    package init(status: Int, code: String = "", _ detail: String, faults: [Fault] = []) {
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = faults
    }

    /// The refusal that a problem tells of; nil where it is none.
    init?(status: Int, _ problem: JSONValue) {
        guard let detail = problem.member("detail")?.textValue else { return nil }
        self.init(
            status: status, code: problem.member("error_code")?.textValue ?? "", detail,
            faults: (problem.member("errors")?.elements ?? []).compactMap(Fault.init(json:)))
    }

    /// For people: its sentence, or one line for each fault where there are several.
    package var sentence: String {
        guard faults.count > 1 else { return detail }
        return faults.map { "\($0.place.joined(separator: ".")): \($0.message)" }.joined(separator: "\n")
    }
}

extension Refusal.Fault {
    fileprivate init?(json: JSONValue) {
        guard let place = json.member("loc")?.elements, let message = json.member("msg")?.textValue else { return nil }
        let steps = place.dropFirst().compactMap { $0.textValue ?? $0.integerValue.map(String.init) }
        self.init(place: steps, message: message)
    }
}
