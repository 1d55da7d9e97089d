using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NetPulse.ApiServer;

/// <summary>An authority, a server's certificate for 127.0.0.1 and <c>kubernetes.default.svc</c>, and clients' on demand.</summary>
public sealed class TestCertificates : IDisposable
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2120, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly X509Certificate2 authority;
    private readonly X509Extension names;
    private long serial = 1;

    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        authority = request.CreateSelfSigned(From, Until);
        var named = new SubjectAlternativeNameBuilder();
        named.AddIpAddress(IPAddress.Loopback);
        named.AddDnsName("kubernetes.default.svc");
        names = named.Build();
        using var issued = Issue("CN=kube-apiserver", ServerUsage, names);

        // Kestrel needs the key in a store of its own.
        Server = X509CertificateLoader.LoadPkcs12(issued.Export(X509ContentType.Pkcs12), null);
    }

    public string AuthorityPem => authority.ExportCertificatePem();

    internal X509Certificate2 Server { get; }

    /// <returns>The certificate and its key, both PEM.</returns>
    public (string Certificate, string Key) Client(string user) => Pem($"CN={user}", "1.3.6.1.5.5.7.3.2", null);

    /// <returns>The certificate of a service on 127.0.0.1 and its key, both PEM.</returns>
    public (string Certificate, string Key) Service(string name) => Pem($"CN={name}", ServerUsage, names);

    public void Dispose()
    {
        authority.Dispose();
        Server.Dispose();
    }

    internal bool IsOurs(X509Certificate2 shown) => shown.Issuer == authority.Subject;

    private (string Certificate, string Key) Pem(string subject, string usage, X509Extension? extension)
    {
        using var issued = Issue(subject, usage, extension);
        using var key = issued.GetECDsaPrivateKey()!;
        return (issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private X509Certificate2 Issue(string subject, string usage, X509Extension? extension)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        if (extension is not null)
        {
            request.CertificateExtensions.Add(extension);
        }

        using var bare = request.Create(authority, From, Until.AddDays(-1), BitConverter.GetBytes(++serial));
        return bare.CopyWithPrivateKey(key);
    }
}
