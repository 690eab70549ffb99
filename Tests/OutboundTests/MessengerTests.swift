import Domain
import EndToEndSupport
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

@testable import Outbound

@Suite struct MessengerTests {
    private static let loopback = EgressGuard(allowing: ["127.0.0.1"].compactMap(IPRange.init))

    /// What becomes of a post: nil where it arrived.
    private func outcome(
        of url: String, egress: EgressGuard = loopback, patience: Duration = .seconds(300),
        trusting authorities: [NIOSSLCertificate] = []
    ) async throws -> PostFailure? {
        let messenger = Messenger(egress: egress, version: "1.2", patience: patience, trusting: authorities)
        do {
            try await messenger.post(Array("{}".utf8), to: try OutboundURL(url), id: "the-id")
            return nil
        } catch let failure as PostFailure {
            return failure
        }
    }

    @Test func `a message arrives as it is`() async throws {
        let receiver = try Receiver()
        #expect(try await outcome(of: receiver.url("/a/b?c=d#e")) == nil)
        let request = try #require(receiver.requests.first)
        #expect(receiver.requests.count == 1)
        #expect(request.method == "POST" && request.target == "/a/b?c=d" && request.body == Array("{}".utf8))
        #expect(request["Content-Type"] == "application/json" && request["User-Agent"] == "QKron/1.2")
        #expect(request["webhook-id"] == "the-id" && request["Host"] == "127.0.0.1:\(receiver.port)")
    }

    @Test(arguments: [200, 299, 300, 303, 304, 404, 500, 503])
    func `only what begins with 2 is a yes`(status: Int) async throws {
        let words = status < 300 ? nil : "The receiver answered \(status)."
        let receiver = try Receiver { _, _ in .status(status) }
        let failure = try await outcome(of: receiver.url())
        #expect(failure?.description == words && failure?.isFinal != true)
    }

    @Test(arguments: [301, 302, 307, 308])
    func `a redirect is followed with all that was sent`(status: Int) async throws {
        let receiver = try Receiver { request, _ in
            request.target == "/old" ? .redirect(status, to: "/new?x=1") : .status(200)
        }
        #expect(try await outcome(of: receiver.url("/old")) == nil)
        let last = try #require(receiver.requests.last)
        #expect(receiver.requests.map(\.target) == ["/old", "/new?x=1"])
        #expect(last.method == "POST" && last.body == Array("{}".utf8) && last["webhook-id"] == "the-id")
    }

    @Test(arguments: [(5, nil as String?), (6, "The receiver redirected more than 5 times.")])
    func `five redirects are followed and no more`(count: Int, words: String?) async throws {
        let receiver = try Receiver { _, number in number < count ? .redirect(307, to: "/\(number)") : .status(200) }
        #expect(try await outcome(of: receiver.url())?.description == words)
        #expect(receiver.requests.count == 6)
    }

    @Test(arguments: [
        ("", "named no place"), ("ftp://x/", "egress_refused: the receiver"),
        ("http://user@127.0.0.1/", "egress_refused: the receiver"),
    ])
    func `a redirect to nowhere is a failure`(place: String, words: String) async throws {
        let receiver = try Receiver { _, _ in
            place.isEmpty ? .bytes("HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n") : .redirect(302, to: place)
        }
        #expect(try await outcome(of: receiver.url())?.description.contains(words) == true)
    }

    @Test func `nobody is asked where the guard lets nothing through`() async throws {
        let receiver = try Receiver()
        for url in [receiver.url(), "http://localhost:\(receiver.port)/", "http://2130706433:\(receiver.port)/"] {
            let failure = try #require(try await outcome(of: url, egress: EgressGuard()))
            #expect(failure.isFinal && failure.description.hasPrefix("egress_refused"))
        }
        #expect(receiver.requests.isEmpty)
    }

    @Test func `each redirect is looked at anew`() async throws {
        let forbidden = try Receiver("127.0.0.2")
        let receiver = try Receiver { _, _ in .redirect(307, to: forbidden.url("/?secret=s3cr3t")) }
        let failure = try #require(try await outcome(of: receiver.url()))
        #expect(failure.isFinal && failure.description.hasPrefix("egress_refused: 127.0.0.2 "))
        #expect(!failure.description.contains("s3cr3t") && receiver.requests.count == 1 && forbidden.requests.isEmpty)
    }

    @Test func `a name is found, and its address asked`() async throws {
        let receiver = try Receiver()
        #expect(try await outcome(of: "http://localhost:\(receiver.port)/") == nil)
        let failure = try await outcome(of: "http://no-such-host.invalid/")
        #expect(failure?.description == "No address of no-such-host.invalid was found." && failure?.isFinal == false)
    }

    @Test(arguments: [
        (Receiver.Answer.bytes(""), "The receiver closed the connection without an answer." as String?),
        (.bytes("SSH-2.0-x\r\n"), "The receiver does not answer as HTTP has it."),
        (.bytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal"), nil),
        (
            .stall("HTTP/1.1 500 No\r\nContent-Length: 9999999\r\n\r\n" + String(repeating: "x", count: 100_000)),
            "The receiver answered 500."
        ),
        (.bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n"), nil),
    ])
    func `a receiver that does not behave holds up nothing`(answer: Receiver.Answer, words: String?) async throws {
        let receiver = try Receiver { _, _ in answer }
        defer { receiver.close() }
        let failure = try await outcome(of: receiver.url(), patience: .seconds(300))
        #expect(failure?.description == words)
    }

    @Test(arguments: [
        ("", "There was no whole answer within 5 s." as String?),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", nil),
    ])
    func `a receiver that says no more is waited for until the time is over`(bytes: String, words: String?) async throws
    {
        let receiver = try Receiver { _, _ in .stall(bytes) }
        defer { receiver.close() }
        // On a busy machine the connection may take all of it.
        try await eventually("it is as the receiver left it") {
            try await outcome(of: receiver.url(), patience: .seconds(5))?.description == words ? true : nil
        }
    }

    @Test func `where nobody listens there is no connection`() async throws {
        let receiver = try Receiver()
        receiver.close()
        try await eventually("nobody listens") {
            try await outcome(of: receiver.url("/?password=x"))?.description == "There was no connection to 127.0.0.1."
                ? true : nil
        }
    }

    @Test func `a try that is cancelled is over`() async throws {
        let receiver = try Receiver { _, _ in .stall("") }
        defer { receiver.close() }
        let messenger = Messenger(egress: Self.loopback, version: "1", patience: .seconds(3_600))
        let url = try OutboundURL(receiver.url())
        let post = Task { try await messenger.post([], to: url, id: "x") }
        try await eventually("it is sent") { receiver.requests.isEmpty ? nil : true }
        post.cancel()
        await #expect(throws: CancellationError.self) { try await post.value }
    }

    @Test func `a certificate is trusted only by its authority, and for its host`() async throws {
        let server = try await SecureReceiver(redirectingTo: nil)
        defer { server.close() }
        let trusted = try NIOSSLCertificate.fromPEMFile(server.certificate.file)
        #expect(try await outcome(of: "https://localhost:\(server.port)/", trusting: trusted) == nil)
        #expect(try await outcome(of: "https://127.0.0.1:\(server.port)/", trusting: trusted) == nil)
        let untrusted = try await outcome(of: "https://localhost:\(server.port)/")
        #expect(untrusted?.description == "The receiver's certificate is not trusted here.")
        let plain = try Receiver()
        let unsafe = try await outcome(of: "https://127.0.0.1:\(plain.port)/", patience: .seconds(5))
        #expect(unsafe != nil && plain.requests.isEmpty)
    }

    @Test func `a certificate of another host is none`() async throws {
        let server = try await SecureReceiver(redirectingTo: nil, named: "DNS:example.org")
        defer { server.close() }
        let failure = try await outcome(
            of: "https://localhost:\(server.port)/",
            trusting: try NIOSSLCertificate.fromPEMFile(server.certificate.file))
        #expect(failure?.description == "The receiver's certificate is that of another host.")
    }

    @Test func `a redirect never leads out of TLS`() async throws {
        let plain = try Receiver()
        let server = try await SecureReceiver(redirectingTo: plain.url())
        defer { server.close() }
        let failure = try await outcome(
            of: "https://localhost:\(server.port)/",
            trusting: try NIOSSLCertificate.fromPEMFile(server.certificate.file))
        #expect(failure?.description == "The receiver redirected from https to http, which is not followed.")
        #expect(plain.requests.isEmpty)
    }
}

/// Answers through TLS, with a certificate of its own making.
private final class SecureReceiver: Sendable {
    let port: Int
    let certificate: TestCertificate
    private let channel: any Channel

    init(redirectingTo place: String?, named names: String = "DNS:localhost,IP:127.0.0.1") async throws {
        certificate = try await TestCertificate(named: names)
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.file).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem))))
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(OneAnswer(place))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func close() {
        channel.close(promise: nil)
        certificate.remove()
    }
}

private final class OneAnswer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let place: String?

    init(_ place: String?) {
        self.place = place
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = Self.unwrapInboundIn(data) else { return }
        var head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "0"])
        if let place {
            head.status = .temporaryRedirect
            head.headers.add(name: "Location", value: place)
        }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }
}
