import Domain
import Foundation
import HTTPTypes
import Operations
import Testing

@testable import Server

private func members(of problem: Problem) throws -> [TextKey: JSONValue] {
    let answer = problem.answer(path: "/api/v1/x", requestID: "r-1", at: Date(timeIntervalSince1970: 0))
    #expect(answer.mediaType == "application/problem+json")
    guard case .object(let members) = try JSONValue.parse(answer.body) else { return [:] }
    return members
}

@Test func `a problem has every member`() throws {
    #expect(
        try members(of: Problem(.notFound, "There is no task of this id.")) == [
            "type": "urn:qkron:error:not_found", "title": "Not found", "status": 404,
            "detail": "There is no task of this id.", "instance": "/api/v1/x", "error_code": "not_found",
            "timestamp": "1970-01-01T00:00:00Z", "request_id": "r-1",
        ])
}

@Test func `faults are told with their places`() throws {
    let problem = Problem(invalid: [
        InputFault(["tags", .index(2)], "must be a string", type: "string_type"),
        InputFault(["page"], "must be at least 1", origin: .query),
    ])
    let members = try members(of: problem)
    #expect(members["detail"] == "body.tags.2: must be a string (and 1 more)")
    #expect(
        members["errors"] == [
            ["loc": ["body", "tags", 2], "msg": "must be a string", "type": "string_type"],
            ["loc": ["query", "page"], "msg": "must be at least 1", "type": "value_error"],
        ])
}

@Test func `a problem tells a hundred faults, and no more of a key than can be read`() throws {
    let key = String(repeating: "é", count: 100_000)
    let fault = InputFault([.key(key)], "must be a string")
    let problem = Problem(invalid: [InputFault](repeating: fault, count: 300))
    let answer = problem.answer(path: "/", requestID: "r", at: Date())
    #expect(answer.body.count < 100_000)
    guard case .array(let errors) = try members(of: problem)["errors"] else {
        Issue.record("no errors")
        return
    }
    #expect(errors.count == 100)
    guard case .object(let first) = errors[0] else { return }
    #expect(first["loc"] == ["body", .string(String(key.prefix(255)) + "…")])
}

@Test(arguments: ErrorCode.allCases)
func `a 401 names the scheme, a 429 and a 503 say when to come back`(code: ErrorCode) {
    let problem = Problem(code, "x")
    #expect((problem.headers[.wwwAuthenticate] == "Bearer") == (code.status == .unauthorized))
    let comesBack = code.status == .serviceUnavailable || code.status == .tooManyRequests
    #expect((problem.headers[.retryAfter] != nil) == comesBack)
}

@Test(arguments: OperationError.Refusal.allCases)
func `a refusal keeps its word`(refusal: OperationError.Refusal) {
    #expect(ErrorCode(refusal).rawValue == refusal.rawValue)
}

@Test func `an error that is nobody's business is not surfaced`() {
    struct Secret: Error {}
    #expect(Problem(surfacing: Secret())?.code == nil)
    #expect(Problem(surfacing: InputFaults([InputFault(["x"], "y")]))?.code == .validationFailed)
}
