import type { Meter } from '@opentelemetry/api';
import { PROCESS } from '../../metrics/definitions.ts';
import { observableCounter, observableGauge } from '../../metrics/instruments.ts';

/** Measures time, CPU and memory of this process with `meter`. */
export function registerProcessMetrics(meter: Meter): void {
  const uptime = observableCounter(meter, PROCESS.uptime);
  const cpu = observableCounter(meter, PROCESS.cpuSeconds);
  const rss = observableGauge(meter, PROCESS.memoryRss);
  const heapAlloc = observableGauge(meter, PROCESS.heapAlloc);
  const heapSys = observableGauge(meter, PROCESS.heapSys);
  meter.addBatchObservableCallback(
    (result) => {
      const { user, system } = process.cpuUsage();
      const memory = process.memoryUsage();
      result.observe(uptime, process.uptime());
      result.observe(cpu, (user + system) / 1e6);
      result.observe(rss, memory.rss);
      result.observe(heapAlloc, memory.heapUsed);
      result.observe(heapSys, memory.heapTotal + memory.external);
    },
    [uptime, cpu, rss, heapAlloc, heapSys],
  );
}
