import Domain
import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// Answers every request: finds the route, asks the gate, calls the handler, and turns errors into problems.
struct QkronResponder: Sendable {
    let table: RouteTable
    let gate: Gate
    let metrics: RequestMetrics
    let policy: RequestPolicy
    /// Where each request leaves a line; nil where none is wanted.
    let log: RequestLog?
    let logger: Logger

    /// The answer to a request that came over a connection of this loop; throws only what ends the connection.
    func respond(to request: Request, on loop: any EventLoop) async throws -> Answer {
        let start = ContinuousClock.now
        let requestID = RequestIDs.id(for: request.fields)
        let match = table.match(request.method, path: request.path)
        let origin = policy.origin(of: request)

        var userID: String?
        var answer: Answer
        do {
            answer = try await self.answer(to: request, requestID, match, from: origin) {
                userID = $0.principal.account?.id.description
            }
        } catch let error as HTTPParserError {
            throw error
        } catch {
            answer = problem(for: error, requestID).answer(path: request.path, requestID: requestID, at: Date())
        }
        answer.requestID = requestID
        policy.complete(&answer, to: request, from: origin)

        let record = RequestRecord(
            method: request.method, template: match.template, status: answer.status.code, duration: .now - start,
            time: Date(), requestID: requestID, userID: userID, address: origin.address)
        metrics.count(record)
        log?.add(record, on: loop)
        return answer
    }

    /// The answer to a request whose method the HTTP parser does not know; nil where its name is none (RFC 9110,
    /// section 5.6.2).
    @Sendable func refusal(ofMethod name: String, target: String) -> Answer? {
        guard let method = HTTPRequest.Method(name) else { return nil }
        let path = RequestTarget.parts(of: target).path
        let match = table.match(method, path: path)
        let requestID = RequestIDs.new()
        var answer = refusal(of: method, match).answer(path: path, requestID: requestID, at: Date())
        answer.requestID = requestID
        metrics.count(
            RequestRecord(
                method: method, template: match.template, status: answer.status.code, duration: .zero, time: Date(),
                requestID: requestID, userID: nil, address: nil))
        return answer
    }

    /// The answer to a header that is too large; its path may not be known.
    @Sendable func overflow(path: String?) -> Answer {
        let requestID = RequestIDs.new()
        let path = path ?? "/"
        var answer = Problem(.headersTooLarge, "The request line and the header have more than 32 KiB.")
            .answer(path: path, requestID: requestID, at: Date())
        answer.requestID = requestID
        return answer
    }

    /// Why a request that no route answers is refused.
    private func refusal(of method: HTTPRequest.Method, _ match: RouteTable.Match) -> Problem {
        guard case .otherMethod(let allowed, _) = match else {
            return Problem(.routeNotFound, "There is no such path.")
        }
        var problem = Problem(
            .methodNotAllowed, "This path knows no method \(method.rawValue); see the Allow header.")
        problem.headers[.allow] = Self.list(allowed)
        return problem
    }

    private static func list(_ methods: [HTTPRequest.Method]) -> String {
        methods.map(\.rawValue).joined(separator: ", ")
    }

    private func answer(
        to request: Request, _ requestID: String, _ match: RouteTable.Match, from origin: RequestOrigin,
        onAdmission: (Caller) -> Void
    ) async throws -> Answer {
        switch match {
        case .route(let route, _, let values):
            let principal = try await admit(request.fields, to: route, from: origin)
            let caller = Caller(principal, address: origin.address?.description, requestID: requestID)
            onAdmission(caller)
            let readmission: @Sendable () async throws -> Caller = { [gate] in
                let principal = try await gate.admit(request.fields, to: route)
                return Caller(principal, address: origin.address?.description, requestID: requestID)
            }
            let call = Call(
                caller: caller, path: values, fields: request.fields, body: BodySource(request), query: request.query,
                readmission: readmission)
            return try await route.handler(call)
        case .otherMethod(let allowed, _) where request.method == .options:
            try policy.count(.other, .anonymous, from: origin)
            return .empty(headers: [.allow: Self.list(allowed)])
        case .nothing where request.path == "*":
            try policy.count(.other, .anonymous, from: origin)
            return .empty(headers: [.allow: Self.list([.delete, .get, .head, .options, .patch, .post, .put])])
        case .otherMethod, .nothing:
            try policy.count(.other, .anonymous, from: origin)
            throw refusal(of: request.method, match)
        }
    }

    /// Whoever sends these fields, counted and let in.
    private func admit(
        _ fields: RequestFields, to route: Route, from origin: RequestOrigin
    ) async throws -> Principal {
        let principal: Principal
        do {
            principal = try await gate.admit(fields, to: route)
        } catch {
            // Who is turned away has asked all the same.
            try policy.countRefused(route.kind, from: origin)
            throw error
        }
        try policy.count(route.kind, principal, from: origin)
        return principal
    }

    private func problem(for error: any Error, _ requestID: String) -> Problem {
        var logger = logger
        logger[metadataKey: "request_id"] = "\(requestID)"
        if let problem = Problem(surfacing: error) {
            if problem.code == .databaseUnavailable {
                logger.warning("Database unavailable", metadata: ["error": "\(error)"])
            }
            return problem
        }
        if error is BodyInterrupted {
            return Problem(.malformedJSON, "The connection ended before the body did.")
        }
        logger.error("Request failed", metadata: ["error": "\(error)", "error_type": "\(type(of: error))"])
        return .internalError
    }
}

extension RouteTable.Match {
    /// The template of the path; nil where there is no such path.
    fileprivate var template: String? {
        switch self {
        case .route(_, let template, _), .otherMethod(_, let template): template
        case .nothing: nil
        }
    }
}
