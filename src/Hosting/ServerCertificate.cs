using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NetPulse.Hosting;

/// <summary>The certificate that we show, from PEM files that may be replaced while we run.</summary>
/// <remarks>The files are looked at every ten seconds at most, by the handshake that comes then. A pair that cannot be used, as while it is being replaced, changes nothing.</remarks>
public sealed class ServerCertificate
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly string certificateFile;
    private readonly string keyFile;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private SslStreamCertificateContext current;
    private (DateTime Certificate, DateTime Key) stamp;
    private long lookedAt;

    /// <exception cref="StartRefusedException">The files are no certificate with its key.</exception>
    public ServerCertificate(string certificateFile, string keyFile, TimeProvider time)
    {
        (this.certificateFile, this.keyFile, this.time) = (certificateFile, keyFile, time);
        try
        {
            stamp = Stamp();
            current = Read();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"http.certificateFile, http.keyFile: {certificateFile} and {keyFile} are no PEM certificate with its key: {e.Message}", e);
        }

        lookedAt = time.GetTimestamp();
    }

    /// <summary>The certificate with its key, and those between it and the authority that its file holds.</summary>
    public SslStreamCertificateContext Current()
    {
        lock (gate)
        {
            if (time.GetElapsedTime(lookedAt) >= LookEvery)
            {
                lookedAt = time.GetTimestamp();
                Renew();
            }

            return current;
        }
    }

    private void Renew()
    {
        try
        {
            if (Stamp() is var now && now != stamp)
            {
                // The one before is left to the collector: a handshake may still use it.
                (current, stamp) = (Read(), now);
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            // One of the two is replaced already, the other not yet.
        }
    }

    private SslStreamCertificateContext Read()
    {
        using var pair = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);

        // Through PKCS #12: the TLS of .NET wants the key in a form of its own.
        return SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null), [.. chain.Skip(1)], offline: true);
    }

    private (DateTime Certificate, DateTime Key) Stamp() => (Resolved(certificateFile), Resolved(keyFile));

    /// <summary>A mounted Secret is a chain of links, of which the last alone is new.</summary>
    private static DateTime Resolved(string file) => (File.ResolveLinkTarget(file, returnFinalTarget: true) ?? new FileInfo(file)).LastWriteTimeUtc;
}
