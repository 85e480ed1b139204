import { traceStoreContract } from '../../test/contract/trace-store.ts';
import { MemoryTraceStore } from './index.ts';

traceStoreContract('MemoryTraceStore', async () => new MemoryTraceStore());
