import Domain
import EndToEndSupport
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

@testable import Client

@Suite struct SecurityTests {
    @Test func `a certificate is trusted only by its authority, and for its host`() async throws {
        let server = try await ListServer(isSecure: true)
        defer { server.close() }
        let named = try ServerAddress("https://localhost:\(server.port)")
        let trusted = try RemoteServer(at: named, trusting: server.certificate.file)
        #expect(try await trusted.nodes().isEmpty)
        let numbered = try RemoteServer(
            at: try ServerAddress("https://127.0.0.1:\(server.port)"), trusting: server.certificate.file)
        #expect(try await numbered.nodes().isEmpty, "the certificate holds the address too")
        #expect(await words(try RemoteServer(at: named)).contains("its certificate is not trusted here"))
        let elsewhere = try RemoteServer(
            at: try ServerAddress("https://ip6-localhost:\(server.port)"), trusting: server.certificate.file)
        // Where the machine knows no such name, there is no certificate to look at.
        let answer = await words(elsewhere)
        #expect(
            ["certificate", "no host of this name", "connection refused"].contains { answer.contains($0) }, "\(answer)")
    }

    @Test func `a server without TLS is told so, and a file without certificates is refused`() async throws {
        let plain = try await ListServer(isSecure: false)
        defer { plain.close() }
        let address = try ServerAddress("https://127.0.0.1:\(plain.port)")
        #expect(await words(try RemoteServer(at: address)).contains("does not speak TLS"))
        for file in ["/nowhere", "/etc/passwd"] {
            #expect(throws: ClientError.address("The certificates in \(file) cannot be used.")) {
                try RemoteServer(at: address, trusting: file)
            }
        }
    }

    private func words(_ server: RemoteServer) async -> String {
        do {
            _ = try await server.nodes()
            return ""
        } catch {
            return error.description
        }
    }
}

/// Answers every request with an empty list, perhaps through TLS, with a certificate of its own making.
private final class ListServer: Sendable {
    let port: Int
    let certificate: TestCertificate
    private let channel: any Channel

    init(isSecure: Bool) async throws {
        certificate = try await TestCertificate()
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.file).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem))))
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if isSecure { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(EmptyList())
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

private final class EmptyList: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = Self.unwrapInboundIn(data) else { return }
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "2"])
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "[]")))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }
}
