using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NetPulse.Kubernetes.Client;

/// <summary>Whether the server's certificate is signed by the cluster's own authority, read again when its file is replaced. The name is checked by .NET.</summary>
internal sealed class ServerTrust(PemSource authority)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    private readonly Lock gate = new();
    private string readFrom = "";
    private X509Certificate2Collection roots = [];

    public bool IsTrusted(X509Certificate? certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 server || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(Roots());
        chain.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        foreach (var element in presented?.ChainElements.Skip(1) ?? [])
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return chain.Build(server);
    }

    private X509Certificate2Collection Roots()
    {
        var pem = authority.Read();
        lock (gate)
        {
            if (pem != readFrom)
            {
                var read = new X509Certificate2Collection();
                try
                {
                    read.ImportFromPem(pem);
                }
                catch (CryptographicException e)
                {
                    throw new KubeconfigException($"certificate-authority ({authority}): is no PEM: {e.Message}", e);
                }

                (roots, readFrom) = (read, pem);
            }

            return roots;
        }
    }
}
