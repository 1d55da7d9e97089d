using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NetPulse.Hosting;
using NetPulse.Optimizer.Ingest;
using NetPulse.Optimizer.Queries;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Optimizer.Tests.Queries;

/// <summary>The store and its HTTP endpoints as the optimizer has them, on a free loopback port and a directory of its own.</summary>
public sealed class ApiRig : IAsyncLifetime
{
    /// <summary>More series are not answered.</summary>
    public const int MaxSeries = 3200;

    private readonly string directory;
    private readonly string? own;
    private WebApplication? app;

    public ApiRig()
        : this(null)
    {
    }

    internal ApiRig(string? directory)
    {
        own = directory is null ? Directory.CreateTempSubdirectory("nptest-").FullName : null;
        this.directory = directory ?? own!;
    }

    public HttpClient Client { get; } = new();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("store:embedded:directory", directory), new("query:maxSamples", "10000"), new("query:maxSeries", $"{MaxSeries}"), new("query:timeout", "00:00:20")]);
        builder.ListenOnHttp("127.0.0.1:0");
        builder.Services.AddLogging();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSampleStore();
        builder.Services.AddQueries();
        app = builder.Build();
        app.MapRemoteWrite();
        app.MapLineProtocol();
        app.MapQueries();
        await app.StartAsync();
        Client.BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await app!.DisposeAsync();
        if (own is not null)
        {
            Directory.Delete(own, recursive: true);
        }
    }

    internal async Task<(HttpStatusCode Status, string Body)> WriteAsync(string path, string lines)
    {
        using var content = new StringContent(lines, Encoding.UTF8);
        using var response = await Client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    internal async Task<(HttpStatusCode Status, string Body)> RemoteWriteAsync(params Sample[] samples)
    {
        using var content = new ByteArrayContent(RemoteWriteEncoder.Encode(samples));
        using var response = await Client.PostAsync(new Uri("/api/v1/write", UriKind.Relative), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    internal async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var response = await Client.GetAsync(new Uri(path, UriKind.Relative));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    internal async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, params KeyValuePair<string, string>[] form)
    {
        using var content = new FormUrlEncodedContent(form);
        using var response = await Client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
