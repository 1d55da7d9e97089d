using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NetPulse.Hosting;
using NetPulse.Optimizer.Ingest;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Tests.Ingest;

/// <summary>What a store's server is told of who asks: a real one on loopback hears it.</summary>
public sealed class StoreAccessTests : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly List<IHeaderDictionary> heard = [];
    private WebApplication? server;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.ListenOnHttp("127.0.0.1:0");
        builder.Services.AddLogging();
        server = builder.Build();
        server.MapGet("/", (HttpContext context) =>
        {
            heard.Add(new HeaderDictionary(context.Request.Headers.ToDictionary()));
            return Results.NoContent();
        });
        await server.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await server!.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Token")]
    public async Task A_token_is_read_from_its_file_for_each_request(string scheme)
    {
        var options = new StoreAccessOptions { TokenFile = Secret("first\n") };
        using var client = new HttpClient(new StoreAccess(options, scheme));
        await AskAsync(client);
        Secret("second");
        await AskAsync(client);
        Assert.Equal([$"{scheme} first", $"{scheme} second"], heard.Select(static headers => headers.Authorization.ToString()));
    }

    [Fact]
    public async Task A_user_is_sent_with_the_password_of_the_file_and_the_tenant_beside()
    {
        using var client = new HttpClient(new StoreAccess(new StoreAccessOptions { User = "u", PasswordFile = Secret("pass word\n"), Tenant = "team-1" }, "Bearer"));
        await AskAsync(client);
        Assert.Equal($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("u:pass word"))}", heard[0].Authorization.ToString());
        Assert.Equal("team-1", heard[0]["X-Scope-OrgID"].ToString());
    }

    [Fact]
    public async Task A_secret_that_cannot_be_read_is_told_with_its_file_and_setting()
    {
        using var client = new HttpClient(new StoreAccess(new StoreAccessOptions { TokenFile = Path.Combine(directory, "none") }, "Bearer"));
        var failure = await Assert.ThrowsAsync<SampleStoreException>(() => AskAsync(client));
        Assert.True(failure.Retryable);
        Assert.Contains(Path.Combine(directory, "none"), failure.Message, StringComparison.Ordinal);
        Assert.Contains("store.access", failure.Message, StringComparison.Ordinal);
        Assert.Empty(heard);
    }

    [Fact]
    public async Task A_secret_of_two_lines_is_told_and_not_shown()
    {
        using var client = new HttpClient(new StoreAccess(new StoreAccessOptions { TokenFile = Secret("hidden\nword") }, "Bearer"));
        var failure = await Assert.ThrowsAsync<SampleStoreException>(() => AskAsync(client));
        Assert.Contains("one line (store.access)", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", failure.ToString(), StringComparison.Ordinal);
        Assert.Empty(heard);
    }

    [Fact]
    public void A_token_beside_a_user_and_a_user_without_a_password_are_refused()
    {
        Assert.Single(Refusals(new StoreAccessOptions { TokenFile = "t", User = "u", PasswordFile = "p" }));
        Assert.Single(Refusals(new StoreAccessOptions { User = "u" }));
        Assert.Single(Refusals(new StoreAccessOptions { PasswordFile = "p" }));
        Assert.Empty(Refusals(new StoreAccessOptions()));
    }

    private static IEnumerable<string?> Refusals(StoreAccessOptions options) => options.Validate(new(options)).Select(static one => one.ErrorMessage);

    private string Secret(string text)
    {
        var file = Path.Combine(directory, "secret");
        File.WriteAllText(file, text);
        return file;
    }

    private async Task AskAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri(server!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()));
        Assert.True(answer.IsSuccessStatusCode);
    }
}
