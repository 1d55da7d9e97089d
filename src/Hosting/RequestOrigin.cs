using System.Net;
using Microsoft.AspNetCore.Http;

namespace NetPulse.Hosting;

/// <summary>Where nobody is asked who he is: a web page that a browser beside us shows must not ask in its reader's place.</summary>
/// <remarks>A browser says of which page a request is (Origin); a page whose name was made to mean our address (DNS rebinding) is told by that name (Host).</remarks>
internal static class RequestOrigin
{
    /// <returns>Why the request is refused; <see langword="null"/> when it is not.</returns>
    public static string? Refusal(HttpContext context, IList<string> allowedHosts)
    {
        var host = context.Request.Host;
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && (page.Authority.Equals(host.Value, StringComparison.OrdinalIgnoreCase) || allowedHosts.Contains(page.Host, StringComparer.OrdinalIgnoreCase))))
        {
            return $"a page of {origin} may not ask this";
        }

        // From elsewhere no browser is nearer to us than its user.
        var isLocal = context.Connection.LocalIpAddress is not { } address || IPAddress.IsLoopback(address);
        return (isLocal || allowedHosts.Count > 0) && !IsOurs(host.Host, allowedHosts) ? $"this service is not known as {host.Host} (http.allowedHosts)" : null;
    }

    private static bool IsOurs(string host, IList<string> allowed) =>
        host.Length == 0 || IPAddress.TryParse(host.Trim('[', ']'), out _)
        || allowed.Append("localhost").Append(Environment.MachineName).Contains(host, StringComparer.OrdinalIgnoreCase);
}
