export { parseTokens, type Tokens } from './http/tokens.ts';
export { createProducer, type Producer, type ProducerDependencies } from './producer.ts';
