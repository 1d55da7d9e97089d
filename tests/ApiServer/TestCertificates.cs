using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NetPulse.ApiServer;

/// <summary>An authority, a server's certificate for 127.0.0.1 and <c>kubernetes.default.svc</c>, and clients' on demand.</summary>
public sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2120, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly X509Certificate2 authority;
    private long serial = 1;

    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        authority = request.CreateSelfSigned(From, Until);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("kubernetes.default.svc");
        using var issued = Issue("CN=kube-apiserver", "1.3.6.1.5.5.7.3.1", names.Build());

        // Kestrel needs the key in a store of its own.
        Server = X509CertificateLoader.LoadPkcs12(issued.Export(X509ContentType.Pkcs12), null);
    }

    public string AuthorityPem => authority.ExportCertificatePem();

    internal X509Certificate2 Server { get; }

    /// <returns>The certificate and its key, both PEM.</returns>
    public (string Certificate, string Key) Client(string user)
    {
        using var issued = Issue($"CN={user}", "1.3.6.1.5.5.7.3.2", null);
        using var key = issued.GetECDsaPrivateKey()!;
        return (issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        authority.Dispose();
        Server.Dispose();
    }

    internal bool IsOurs(X509Certificate2 shown) => shown.Issuer == authority.Subject;

    private X509Certificate2 Issue(string subject, string usage, X509Extension? names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        using var bare = request.Create(authority, From, Until.AddDays(-1), BitConverter.GetBytes(++serial));
        return bare.CopyWithPrivateKey(key);
    }
}
