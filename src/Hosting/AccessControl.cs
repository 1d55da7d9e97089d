using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Client;

namespace NetPulse.Hosting;

/// <summary>Who may ask what, and how much: each request names a Kubernetes user by his token, whose roles decide.</summary>
public sealed partial class AccessControl : IDisposable
{
    private const string Scheme = "Bearer ";

    /// <summary>Collectors and Prometheus ask again and again.</summary>
    private static readonly TimeSpan ToldAgain = TimeSpan.FromMinutes(10);

    /// <summary>A server's words may differ each time.</summary>
    private const int MostTold = 64;

    private readonly AccessReviewer? reviewer;
    private readonly IList<string> allowedHosts;
    private readonly PartitionedRateLimiter<HttpContext> rate;
    private readonly ILogger<AccessControl> logger;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, DateTimeOffset> told = new(StringComparer.Ordinal);

    /// <param name="options">Whether roles count, and how many requests a caller may make.</param>
    /// <param name="time">After which a failure that lasts is told again.</param>
    /// <param name="logger">Is told of failures, never of tokens.</param>
    /// <param name="reviewer">Needed where roles count.</param>
    public AccessControl(IOptions<HttpOptions> options, TimeProvider time, ILogger<AccessControl> logger, AccessReviewer? reviewer = null)
    {
        (this.time, this.logger, this.reviewer) = (time, logger, options.Value.Authorization == HttpAuthorization.Kubernetes ? reviewer ?? throw new InvalidOperationException("http.authorization: Kubernetes without a client") : null);
        allowedHosts = options.Value.AllowedHosts;
        var perSecond = options.Value.RequestsPerSecond;
        rate = PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetTokenBucketLimiter(
            context.Connection.RemoteIpAddress?.ToString() ?? "",
            _ => new TokenBucketRateLimiterOptions { TokenLimit = 2 * perSecond, TokensPerPeriod = perSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1), AutoReplenishment = true }));
    }

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var rule = context.GetEndpoint()?.Metadata.GetMetadata<AccessRule>();
        if (rule != AccessRule.Open)
        {
            // Who is on this node already is not held up by us.
            using var lease = context.Connection.RemoteIpAddress is { } address && !IPAddress.IsLoopback(address) ? await rate.AcquireAsync(context, 1, context.RequestAborted) : null;
            if (lease is { IsAcquired: false })
            {
                context.Response.Headers.RetryAfter = "1";
                await RefuseAsync(context, StatusCodes.Status429TooManyRequests, "too many requests from this address (http.requestsPerSecond)");
                return;
            }

            if (reviewer is null && RequestOrigin.Refusal(context, allowedHosts) is { } refusal)
            {
                await RefuseAsync(context, StatusCodes.Status403Forbidden, refusal);
                return;
            }

            if (reviewer is not null && !await IsAllowedAsync(context, rule, reviewer))
            {
                return;
            }
        }

        await next(context);
    }

    public void Dispose() => rate.Dispose();

    /// <returns>False when the refusal has been answered.</returns>
    private async Task<bool> IsAllowedAsync(HttpContext context, AccessRule? rule, AccessReviewer reviews)
    {
        if (rule is null)
        {
            if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            {
                return await RefuseAsync(context, StatusCodes.Status403Forbidden, "nobody may ask this");
            }

            rule = AccessRule.Read;
        }

        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || header.Length == Scheme.Length)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return await RefuseAsync(context, StatusCodes.Status401Unauthorized, "send a Kubernetes token: Authorization: Bearer …, as kubectl create token gives one");
        }

        try
        {
            if (await reviews.WhoAsync(header[Scheme.Length..].Trim(), context.RequestAborted) is not { } user)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
                return await RefuseAsync(context, StatusCodes.Status401Unauthorized, "the API server does not know this token, or it has expired");
            }

            var (@namespace, name) = (Value(context, rule.NamespaceParameter), Value(context, rule.NameParameter));
            context.Items[typeof(AccessControl)] = user.Username;
            return await reviews.MayAsync(user, rule, @namespace, name, context.RequestAborted)
                || await RefuseAsync(context, StatusCodes.Status403Forbidden, $"{user.Username} may not {rule}{(@namespace.Length > 0 ? $" in {@namespace}" : "")}; a Role or ClusterRole has to allow it");
        }
        catch (KubernetesException e)
        {
            // Closed when nobody can be asked.
            Tell(e.Message);
            return await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the API server could not be asked who you are; try again");
        }
    }

    private void Tell(string problem)
    {
        var now = time.GetUtcNow();
        if (!told.TryGetValue(problem, out var at) || now - at >= ToldAgain)
        {
            if (told.Count >= MostTold)
            {
                told.Clear();
            }

            told[problem] = now;
            LogNotAsked(problem);
        }
    }

    /// <summary>Who asked, where roles count; empty otherwise.</summary>
    public static string UserOf(HttpContext context) => context.Items[typeof(AccessControl)] as string ?? "";

    private static string Value(HttpContext context, string parameter) =>
        parameter.Length > 0 ? Convert.ToString(context.GetRouteValue(parameter), CultureInfo.InvariantCulture) ?? "" : "";

    private static async Task<bool> RefuseAsync(HttpContext context, int code, string text)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync($"{text}\n", context.RequestAborted);
        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Requests are refused, as nobody can be asked about them: {Problem}")]
    private partial void LogNotAsked(string problem);
}

public static class AccessControlRegistration
{
    /// <summary>What this service's HTTP is closed by, where <c>http.authorization</c> says so; it needs an API server then.</summary>
    public static IServiceCollection AddAccessControl(this IServiceCollection services, IConfiguration configuration, HttpAuthorization defaultAuthorization)
    {
        services.AddSingleton<AccessControl>();
        var setting = configuration[$"{HttpOptions.Section}:{nameof(HttpOptions.Authorization)}"];
        return (Enum.TryParse<HttpAuthorization>(setting, ignoreCase: true, out var set) ? set : defaultAuthorization) == HttpAuthorization.Kubernetes
            ? services.AddKubernetesClient($"{HttpOptions.Section}.authorization").AddSingleton<AccessReviewer>()
            : services;
    }

    /// <summary>Before every endpoint.</summary>
    public static void UseAccessControl(this WebApplication app)
    {
        app.UseRouting();

        // Made with the first request: made here, a bad setting would end the start before the check that says which one it is.
        app.Use(static next => context => context.RequestServices.GetRequiredService<AccessControl>().InvokeAsync(context, next));
    }
}
