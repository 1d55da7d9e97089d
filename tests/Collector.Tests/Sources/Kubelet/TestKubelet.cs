using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NetPulse.Collector.Tests.Sources.Kubelet;

/// <summary>A kubelet over TLS on loopback that answers as the test says, with a certificate authority of its own.</summary>
internal sealed class TestKubelet : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly string folder = Directory.CreateTempSubdirectory("nptest-").FullName;

    private TestKubelet(WebApplication application) => this.application = application;

    /// <summary>By path; what is not there is 404.</summary>
    public ConcurrentDictionary<string, Func<HttpContext, Task>> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>What came in the header Authorization, last.</summary>
    public string Authorization { get; private set; } = "";

    public string Url { get; private set; } = "";

    public string CaFile => Path.Combine(folder, "ca.crt");

    public string TokenFile => Path.Combine(folder, "token");

    /// <param name="name">What the certificate names beside nothing else: an address or a host name.</param>
    public static async Task<TestKubelet> StartAsync(string name = "127.0.0.1")
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=test-ca", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using var ca = caRequest.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubelet", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(ca, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        using var withKey = signed.CopyWithPrivateKey(key);
        var certificate = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var kubelet = new TestKubelet(builder.Build());
        await File.WriteAllTextAsync(kubelet.CaFile, ca.ExportCertificatePem());
        await File.WriteAllTextAsync(kubelet.TokenFile, "first\n");
        kubelet.application.Run(kubelet.AnswerAsync);
        await kubelet.application.StartAsync();
        kubelet.Url = kubelet.application.Urls.First();
        return kubelet;
    }

    public void AnswerWith(string path, byte[] body) => Answers[path] = context => context.Response.Body.WriteAsync(body).AsTask();

    public void AnswerWith(string path, HttpStatusCode status) => Answers[path] = context =>
    {
        context.Response.StatusCode = (int)status;
        return context.Response.WriteAsync(status.ToString());
    };

    public async ValueTask DisposeAsync()
    {
        await application.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private Task AnswerAsync(HttpContext context)
    {
        Authorization = context.Request.Headers.Authorization.ToString();
        if (Answers.TryGetValue(context.Request.Path, out var answer))
        {
            return answer(context);
        }

        context.Response.StatusCode = (int)HttpStatusCode.NotFound;
        return Task.CompletedTask;
    }
}
