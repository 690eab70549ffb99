import EndToEndSupport
import Foundation

extension HTTPResponse {
    /// The status of an answer and, of a problem, its code: "404 not_found". A problem that is not shaped as the API
    /// promises is told apart: "404 without detail".
    var verdict: String {
        guard status >= 400 else { return "\(status)" }
        guard header("Content-Type")?.hasPrefix("application/problem+json") == true else {
            return "\(status) that is no problem: \(header("Content-Type") ?? "no type")"
        }
        guard let problem = try? json, let code = problem["error_code"].string else { return "\(status) without code" }
        let faults: [(Bool, String)] = [
            (problem["type"].string == "urn:qkron:error:\(code)", "type"),
            (problem["title"].string?.isEmpty == false, "title"),
            (problem["status"].integer == status, "status"),
            (problem["detail"].string?.isEmpty == false, "detail"),
            (problem["instance"].string?.hasPrefix("/") == true, "instance"),
            (problem["timestamp"].string?.hasSuffix("Z") == true, "timestamp"),
            (
                problem["request_id"].string != nil && problem["request_id"].string == header("X-Request-ID"),
                "request_id"
            ),
            (status != 401 || header("WWW-Authenticate") == "Bearer", "WWW-Authenticate"),
            (status != 503 || header("Retry-After") != nil, "Retry-After"),
            (status == 422 || problem["errors"] == .null, "clean errors"),
            (status != 422 || problem["errors"].items.allSatisfy(\.isFault), "faults"),
            (status != 422 || !problem["errors"].items.isEmpty, "errors"),
        ]
        let missing = faults.filter { !$0.0 }.map(\.1)
        return missing.isEmpty ? "\(status) \(code)" : "\(status) \(code) without \(missing.joined(separator: ", "))"
    }

    /// The verdict, and where the faults lie: "422 validation_failed body.name".
    var placedVerdict: String { ([verdict] + faultyPlaces.sorted()).joined(separator: " ") }

    /// Where the faults of a 422 lie: "body.name".
    var faultyPlaces: Set<String> {
        guard let problem = try? json else { return [] }
        return Set(
            problem["errors"].items.map { fault in
                fault["loc"].items.map { $0.string ?? $0.integer.map(String.init) ?? "?" }.joined(separator: ".")
            })
    }
}

extension JSON {
    fileprivate var isFault: Bool {
        guard let place = self["loc"][0].string, let message = self["msg"].string else { return false }
        return ["body", "query", "path", "header"].contains(place) && !message.isEmpty && self["type"].string != nil
    }
}
