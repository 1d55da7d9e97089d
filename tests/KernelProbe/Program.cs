// Runs inside of a virtual machine beside the published collector: traffic over loopback for each source, then what the collector says of it.
using System.Diagnostics;
using System.Globalization;
using NetPulse.KernelProbe;

using var client = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:9470"), Timeout = TimeSpan.FromMinutes(2) };
var patience = TimeSpan.FromMinutes(5);
var since = Stopwatch.StartNew();
while (!await IsReadyAsync())
{
    if (since.Elapsed > patience)
    {
        Console.WriteLine("The collector did not become ready");
        return 1;
    }

    await Task.Delay(200);
}

var checks = Traffic.All();
foreach (var check in checks)
{
    await check.Send();
}

var failures = 0;
foreach (var check in checks)
{
    var seen = double.NaN;
    var isOn = false;
    since.Restart();
    do
    {
        var lines = (await client.GetStringAsync("/metrics")).Split('\n');
        isOn = Sum(lines, "netpulse_source_success{", $"source=\"{check.Source}\"") > 0;
        seen = Sum(lines, [.. check.Series]);
    }
    while (seen < check.Expected && since.Elapsed < TimeSpan.FromMinutes(1));

    var isRight = isOn && (check.IsExact ? Math.Abs(seen - check.Expected) < 0.5 : seen >= check.Expected);
    failures += isRight ? 0 : 1;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{check.Source,-6} {(isOn ? "on " : "off")}  {check.What}: {seen} of {check.Expected}  {(isRight ? "ok" : "WRONG")}"));
}

return failures == 0 ? 0 : 1;

async Task<bool> IsReadyAsync()
{
    try
    {
        using var answer = await client.GetAsync("/readyz");
        return answer.IsSuccessStatusCode;
    }
    catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
    {
        return false;
    }
}

static double Sum(string[] lines, params string[] parts) => lines
    .Where(line => line.StartsWith(parts[0], StringComparison.Ordinal) && parts.All(part => line.Contains(part, StringComparison.Ordinal)))
    .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture));
