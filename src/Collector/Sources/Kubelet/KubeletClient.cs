using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>Asks this node's kubelet, over TLS that is verified, with the service account's token.</summary>
public sealed class KubeletClient : IDisposable
{
    /// <summary>A node of 250 pods answers with less than a tenth of it.</summary>
    private const int LongestAnswerBytes = 64 * 1024 * 1024;

    /// <summary>So that a new certificate authority is noticed.</summary>
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(10);

    private readonly KubeletOptions options;
    private readonly HttpClient client;
    private volatile string distrust = "";

    /// <param name="options">With a URL.</param>
    public KubeletClient(KubeletOptions options)
    {
        this.options = options;
        client = new HttpClient(new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.GZip,
            AllowAutoRedirect = false,
            UseProxy = false,
            PooledConnectionLifetime = ConnectionLife,
            ConnectTimeout = options.Timeout,
            SslOptions = { RemoteCertificateValidationCallback = Verify },
        })
        {
            BaseAddress = KubeletOptions.Address(options.Url!),
            Timeout = options.Timeout,
            MaxResponseContentBufferSize = LongestAnswerBytes,
        };
    }

    /// <exception cref="KubeletException">It did not answer in time, or with anything but 200.</exception>
    public async Task<byte[]> GetAsync(string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = options.ServerName;
        if (options.TokenFile is { } tokenFile)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await ReadTokenAsync(path, tokenFile, cancellation));
        }

        try
        {
            using var response = await client.SendAsync(request, cancellation);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => await response.Content.ReadAsByteArrayAsync(cancellation),
                HttpStatusCode.Unauthorized => throw new KubeletException(path, "401: it does not know the token; check kubelet.tokenFile", isAbsent: false),
                HttpStatusCode.Forbidden => throw new KubeletException(path, "403: the service account needs the verb get on nodes/stats and nodes/metrics", isAbsent: false),
                HttpStatusCode.NotFound => throw new KubeletException(path, "404: this kubelet has no such endpoint", isAbsent: true),
                var status => throw new KubeletException(path, $"it answered {(int)status}", isAbsent: false),
            };
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new KubeletException(path, $"no whole answer within {options.Timeout.TotalSeconds:0.#} s (kubelet.timeout)", isAbsent: false, e);
        }
        catch (HttpRequestException e)
        {
            var said = e.InnerException is AuthenticationException && distrust is { Length: > 0 } why ? why : e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message;
            throw new KubeletException(path, said, isAbsent: false, e);
        }
    }

    public void Dispose() => client.Dispose();

    private static async Task<string> ReadTokenAsync(string path, string tokenFile, CancellationToken cancellation)
    {
        string token;
        try
        {
            token = (await File.ReadAllTextAsync(tokenFile, cancellation)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubeletException(path, $"kubelet.tokenFile cannot be read: {e.Message}", isAbsent: false, e);
        }

        return token.AsSpan().ContainsAny('\r', '\n', '\0') ? throw new KubeletException(path, "kubelet.tokenFile must hold a token on one line", isAbsent: false) : token;
    }

    /// <summary>The certificate's name must be right, and one of the file's certificates must stand above it.</summary>
    private bool Verify(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        distrust = "";
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None)
        {
            distrust = $"its certificate is not for {options.ServerName ?? client.BaseAddress!.Host}; set kubelet.serverName to the name that it has, of the node mostly";
        }

        if (options.CaFile is null || certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return errors == SslPolicyErrors.None;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        try
        {
            own.ChainPolicy.CustomTrustStore.ImportFromPemFile(options.CaFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            distrust = $"kubelet.caFile cannot be used: {e.Message}";
            return false;
        }

        foreach (var sent in chain?.ChainElements.Skip(1) ?? [])
        {
            own.ChainPolicy.ExtraStore.Add(sent.Certificate);
        }

        using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        if (own.Build(leaf))
        {
            return true;
        }

        distrust = $"no certificate of {options.CaFile} stands above its own; where the kubelet made that for itself, kubelet.caFile is the node's kubelet.crt and kubelet.serverName the node's name";
        return false;
    }
}
