using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace NetPulse.Kubernetes.Client;

/// <summary>The credentials as they are now: a token file is read again each minute, a plugin is asked again before its answer expires, both at once after a refusal.</summary>
internal sealed class CurrentCredentials(KubernetesConfiguration configuration, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan TokenFileLife = TimeSpan.FromMinutes(1);

    /// <summary>A plugin's answer is not used in its last moments, when clocks differ.</summary>
    private static readonly TimeSpan ExpiryMargin = TimeSpan.FromSeconds(20);

    private readonly ClusterCredentials credentials = configuration.Credentials;
    private readonly SemaphoreSlim gate = new(1, 1);
    private string token = configuration.Credentials.Token;
    private DateTimeOffset validUntil = DateTimeOffset.MinValue;
    private (string Pem, X509Certificate2 Certificate)? certificate;
    private ExecCredential? given;

    /// <summary>Whether reading again may give others.</summary>
    public bool AreRenewable => credentials.TokenFile.Length > 0 || credentials.Exec is not null;

    /// <summary>Says who we are.</summary>
    /// <exception cref="KubeconfigException">The token file or the plugin cannot be used.</exception>
    public async Task AuthorizeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await RenewAsync(cancellationToken);
        if (Volatile.Read(ref token) is { Length: > 0 } bearer)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }
        else if (credentials.Username.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.Username}:{credentials.Password}")));
        }

        if (credentials.ImpersonatedUser.Length > 0)
        {
            request.Headers.Add("Impersonate-User", credentials.ImpersonatedUser);
            foreach (var group in credentials.ImpersonatedGroups)
            {
                request.Headers.Add("Impersonate-Group", group);
            }
        }
    }

    /// <summary>They were refused: the next request reads them again.</summary>
    public void Refuse() => validUntil = DateTimeOffset.MinValue;

    /// <summary>For a new connection: the certificate as its file or the plugin has it now; <see langword="null"/> without one.</summary>
    /// <exception cref="KubeconfigException">It cannot be read, or is no certificate with its key.</exception>
    public X509Certificate2? Certificate()
    {
        var pem = given is { Certificate.Length: > 0 } ? (given.Certificate, given.Key)
            : credentials is { ClientCertificate: { } c, ClientKey: { } k } ? (c.Read(), k.Read())
            : ("", "");
        if (pem.Item1.Length == 0)
        {
            return null;
        }

        var text = $"{pem.Item1}\n{pem.Item2}";
        if (certificate is { } known && known.Pem == text)
        {
            return known.Certificate;
        }

        try
        {
            var read = X509Certificate2.CreateFromPem(pem.Item1, pem.Item2);
            certificate = (text, read);
            return read;
        }
        catch (CryptographicException e)
        {
            throw new KubeconfigException($"the client certificate ({credentials.ClientCertificate}) and its key do not belong together or are no PEM: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        gate.Dispose();
        certificate?.Certificate.Dispose();
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        if (!AreRenewable || time.GetUtcNow() < validUntil)
        {
            return;
        }

        await gate.WaitAsync(cancellationToken);
        try
        {
            if (time.GetUtcNow() < validUntil)
            {
                return;
            }

            if (credentials.TokenFile.Length > 0)
            {
                Volatile.Write(ref token, ReadTokenFile());
                validUntil = time.GetUtcNow() + TokenFileLife;
            }
            else
            {
                given = await ExecCredentialPlugin.RunAsync(credentials.Exec!, configuration, time, cancellationToken);
                Volatile.Write(ref token, given.Token.Length > 0 ? given.Token : credentials.Token);
                validUntil = given.ExpiresAt is { } expiry ? expiry - ExpiryMargin : DateTimeOffset.MaxValue;
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private string ReadTokenFile()
    {
        string read;
        try
        {
            read = File.ReadAllText(credentials.TokenFile).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubeconfigException($"{credentials.TokenFile}: cannot be read: {e.Message}", e);
        }

        return read.Length > 0 && !read.AsSpan().ContainsAny('\r', '\n', '\0') ? read : throw new KubeconfigException($"{credentials.TokenFile}: must hold a token on one line");
    }
}
