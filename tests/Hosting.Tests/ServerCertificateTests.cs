using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NetPulse.Tests;

namespace NetPulse.Hosting.Tests;

public sealed class ServerCertificateTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly TestClock clock = new();

    private string CertificateFile => Path.Combine(directory, "tls.crt");

    private string KeyFile => Path.Combine(directory, "tls.key");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void A_certificate_that_was_replaced_is_shown_ten_seconds_later_at_most()
    {
        var first = Write("first", age: 2);
        var certificate = new ServerCertificate(CertificateFile, KeyFile, clock);
        Assert.Equal(first, certificate.Current().TargetCertificate.Thumbprint);
        var second = Write("second", age: 1);
        Assert.Equal(first, certificate.Current().TargetCertificate.Thumbprint);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(second, certificate.Current().TargetCertificate.Thumbprint);
    }

    [Fact]
    public void One_half_of_a_new_pair_changes_nothing()
    {
        var first = Write("first", age: 2);
        var certificate = new ServerCertificate(CertificateFile, KeyFile, clock);
        var key = File.ReadAllText(KeyFile);
        var second = Write("second", age: 1);
        var newKey = File.ReadAllText(KeyFile);
        File.WriteAllText(KeyFile, key);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(first, certificate.Current().TargetCertificate.Thumbprint);
        File.WriteAllText(KeyFile, newKey);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(second, certificate.Current().TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Files_that_are_no_certificate_refuse_the_start()
    {
        File.WriteAllText(CertificateFile, "nonsense");
        Assert.Contains("http.certificateFile", Assert.Throws<StartRefusedException>(() => new ServerCertificate(CertificateFile, CertificateFile, clock)).Message, StringComparison.Ordinal);
        Assert.Throws<StartRefusedException>(() => new ServerCertificate(Path.Combine(directory, "absent"), KeyFile, clock));
    }

    [Fact]
    public async Task A_service_with_a_certificate_speaks_TLS_alone()
    {
        var thumbprint = Write("service", age: 1);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal) { ["http:certificateFile"] = CertificateFile, ["http:keyFile"] = KeyFile });
        builder.ListenOnHttp("127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/", static () => "hello");
        await app.StartAsync();
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => (shown as X509Certificate2)?.Thumbprint == thumbprint;
        using var http = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20 };
        Assert.Equal("hello", await http.GetStringAsync(new Uri($"https://127.0.0.1:{address.Port}/")));
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(new Uri($"http://127.0.0.1:{address.Port}/")));
    }

    /// <returns>Its thumbprint.</returns>
    private string Write(string name, int age)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(CertificateFile, made.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.SetLastWriteTimeUtc(CertificateFile, DateTime.UtcNow.AddMinutes(-age));
        return made.Thumbprint;
    }
}
