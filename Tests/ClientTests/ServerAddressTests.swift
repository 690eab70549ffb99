import Testing

@testable import Client

@Suite struct ServerAddressTests {
    @Test(arguments: [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"), ("HTTP://host", "http://host:80"),
        ("http://host:1/", "http://host:1"), ("http://host/a/b//", "http://host:80/a/b"),
        ("http://[::1]:8000", "http://[::1]:8000"), ("https://host/a", "https://host:443/a"),
    ])
    func `an address is a host, a port and perhaps a path`(text: String, read: String) throws {
        let address = try ServerAddress(text)
        #expect(address.description == read)
        #expect(!address.host.contains("["))
    }

    @Test(arguments: [
        "", "host", "localhost:8000", "ftp://host", "http://", "http://user:password@host",
        "http://host?x=1", "http://host#x", "http://host:0", "http://host:99999", "http://ho st",
    ])
    func `anything else is refused, and no secret repeated`(text: String) {
        let error = #expect(throws: ClientError.self) { try ServerAddress(text) }
        #expect(error?.description.contains("password") == false)
    }
}
