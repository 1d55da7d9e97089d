using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Collector.Tests.Export;

/// <summary>A real HTTP server on loopback that takes remote write, or anything, and answers as told.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private readonly WebApplication server;
    private int hanging;

    private TestStore(WebApplication server) => this.server = server;

    /// <summary>What it answers next; nothing, and it takes what comes.</summary>
    public ConcurrentQueue<Func<HttpContext, Task>> Answers { get; } = [];

    /// <summary>What it answers when there is no other answer.</summary>
    public Func<HttpContext, Task>? Always { get; set; }

    public ConcurrentQueue<Received> Requests { get; } = [];

    /// <summary>The samples of the requests that were taken, in the order of the requests.</summary>
    public ConcurrentQueue<Sample> Stored { get; } = [];

    public IEnumerable<double> Values => Stored.Select(sample => sample.Value);

    /// <summary>How many requests have come that get no answer.</summary>
    public int Hanging => Volatile.Read(ref hanging);

    public Uri Address { get; private set; } = null!;

    public Uri Write => new(Address, "/api/v1/write");

    public static async Task<TestStore> StartAsync(HttpProtocols protocols = HttpProtocols.Http1, int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = protocols));
        builder.Services.AddRoutingCore();
        var store = new TestStore(builder.Build());
        store.server.MapPost("{**path}", store.TakeAsync);
        await store.server.StartAsync();
        store.Address = new Uri(store.server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return store;
    }

    public static Func<HttpContext, Task> Status(int status, string text = "", string? retryAfter = null) => context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
        {
            context.Response.Headers.RetryAfter = retryAfter;
        }

        return context.Response.WriteAsync(text, context.RequestAborted);
    };

    /// <summary>Says nothing until the client has gone.</summary>
    public static async Task Hang(HttpContext context)
    {
        var gone = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(() => gone.TrySetResult());
        await gone.Task;
    }

    /// <summary>Ends the connection without an answer.</summary>
    public static Task Cut(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Requests.Enqueue(new Received(context.Request.Path + context.Request.QueryString, context.Request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray()));
        if (Answers.TryDequeue(out var answer) || (answer = Always) is not null)
        {
            if (answer != Hang)
            {
                await answer(context);
                return;
            }

            Interlocked.Increment(ref hanging);
            await Hang(context);
            Interlocked.Decrement(ref hanging);
            return;
        }

        if (context.Request.Headers.ContentEncoding == "snappy")
        {
            foreach (var sample in RemoteWriteDecoder.Decode(body.ToArray(), RemoteWriteLimits.Default))
            {
                Stored.Enqueue(sample);
            }
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    internal sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);
}
